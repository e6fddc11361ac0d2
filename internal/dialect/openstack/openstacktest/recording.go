// Package openstacktest is what the tests of the OpenStack services share:
// exchanges that were recorded from real services, and what it takes to have
// the same requests answered here and to hold the answers against each other.
// It knows no service, so that each of them can use it.
package openstacktest

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
)

// Exchange is one request to a real service and its answer: a line of a
// recording. Section and Seq, where a recording has them, say which run it is
// from and its place there.
type Exchange struct {
	Section string
	Seq     int
	Name    string
	Request struct {
		Method, URL, Body string
		Headers           map[string]string
	}
	Response struct {
		Status  int
		Headers [][2]string // in the order and spelling that were sent
		Body    string
	}
}

// Recording reads the exchanges of a file, and fails the test when there are none.
func Recording(t testing.TB, path string) []Exchange {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var all []Exchange
	for dec := json.NewDecoder(f); dec.More(); {
		var x Exchange
		if err := dec.Decode(&x); err != nil {
			t.Fatalf("%s, exchange %d: %v", path, len(all)+1, err)
		}
		all = append(all, x)
	}
	if len(all) == 0 {
		t.Fatalf("%s: nothing is recorded there", path)
	}
	return all
}

// RequestHeader returns the headers of the request.
func (x Exchange) RequestHeader() http.Header {
	h := http.Header{}
	for name, value := range x.Request.Headers {
		h.Set(name, value)
	}
	return h
}

// Header returns the recorded values of a header of the answer, however its
// name is spelled.
func (x Exchange) Header(name string) []string {
	var values []string
	for _, pair := range x.Response.Headers {
		if strings.EqualFold(pair[0], name) {
			values = append(values, pair[1])
		}
	}
	return values
}
