// Command keyreeve is the key pair service and the tools that go with it.
package main

import (
	"os"

	"github.com/keyreeve/keyreeve/internal/cli"
)

// version is set when the program is built.
var version = "dev"

func main() { os.Exit(cli.Main(version, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)) }
