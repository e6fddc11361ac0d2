// Package wire is what all HTTP surfaces share: listeners, a server that cuts
// slow clients and drains on shutdown, a router that never redirects, request
// ids, body limits, time limits, a panic guard and the access log.
//
// It knows no domain type and speaks no cloud's dialect. Where an answer must
// be worded, the surface brings the handler that words it.
//
// A request passes, from the outside in:
//
//	listener → [CollapseSlashes] → [Mounts] → [Wrap] (id, log, panic guard,
//	time limit, body limit) → [Mux] → handler
package wire
