package openstack

import "net/http"

// unauthorized is what keystonemiddleware answers in front of a service.
var unauthorized = Fields{F("error", Fields{
	F("code", http.StatusUnauthorized),
	F("title", "Unauthorized"),
	F("message", "The request you have made requires authentication."),
})}

// challenge names the identity service in the header that every 401 needs.
func challenge(h http.Header, identity string) {
	set(h, authenticate, `Keystone uri="`+identity+`"`)
}

// writeUnauthorized refuses a request without a valid token, as
// keystonemiddleware does; identity is the identity service's base.
func writeUnauthorized(w http.ResponseWriter, identity string) {
	challenge(w.Header(), identity)
	writeJSON(w, http.StatusUnauthorized, plainJSON, Spaced, unauthorized, "")
}
