//go:build race

package keypair_test

func init() { raceDetector = true }
