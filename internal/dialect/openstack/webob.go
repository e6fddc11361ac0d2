package openstack

import (
	"net/http"
	"strconv"
)

// webob is the body of an error that a service's WebOb layer makes before or
// beside its own error handling (https://docs.pylonsproject.org/projects/webob).
type webob struct {
	Message string `json:"message"`
	Code    string `json:"code"`
	Title   string `json:"title"`
}

func webobBody(status int, text string) webob {
	title := http.StatusText(status)
	return webob{
		Message: text + "<br /><br />\n\n\n",
		Code:    strconv.Itoa(status) + " " + title,
		Title:   title,
	}
}

const (
	routeUnknown = "The resource could not be found."
	serverErred  = "The server has either erred or is incapable of performing the requested operation."
)
