package openstack

import (
	"fmt"
	"net/http"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/wire"
)

// PlainStyle is how a service without microversions answers: [GlanceStyle] and
// [NeutronStyle].
type PlainStyle interface {
	UnknownRoute(w http.ResponseWriter, r *http.Request)
	Error(w http.ResponseWriter, r *http.Request, err error)
}

// PlainService serves the routes of a service without microversions.
type PlainService struct {
	Name   string // "glance", for the listener
	Type   string // "image", as in the catalog
	Tokens Tokens
	Base   Base
	Style  PlainStyle
	Routes []Route
}

// Handler serves the routes at the root of the service's prefix.
func (s PlainService) Handler() http.Handler {
	mux := wire.NewMux(http.HandlerFunc(s.unknown))
	for _, rt := range s.Routes {
		mux.HandleFunc(rt.Method+" "+rt.Pattern, func(w http.ResponseWriter, r *http.Request) {
			c := Call{Request: r, Base: s.Base.URL(r)}
			err := s.check(&c, rt)
			if err == nil {
				err = rt.Handle(w, &c)
			}
			if err != nil {
				s.Style.Error(w, r, UnderRule(err, rt.Rule))
			}
		})
	}
	return wire.CollapseSlashes(Serving(s.Type, mux))
}

// Surface tells the listener how much to read, and how the service fails.
func (s PlainService) Surface() wire.Surface {
	failing := func(kind fault.Kind, text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.Style.Error(w, r, &fault.Error{Kind: kind, Msg: text})
		})
	}
	return wire.Surface{
		Name: s.Name, BodyLimit: MaxBody,
		Failed:   failing(fault.Internal, ""),
		TooLarge: failing(fault.TooLarge, fmt.Sprintf("Request is too large. Larger than max_request_body_size (%d).", MaxBody)),
	}
}

func (s PlainService) check(c *Call, rt Route) (err error) {
	if rt.Access != identity.Public {
		if c.Token, c.Caller, err = Authenticate(c.Request, s.Tokens); err != nil {
			return err
		}
	}
	if err := c.Decode(rt); err != nil {
		return err
	}
	return rt.Access.Check(c.Caller)
}

// unknown answers 404, to callers who are somebody.
func (s PlainService) unknown(w http.ResponseWriter, r *http.Request) {
	if _, _, err := Authenticate(r, s.Tokens); err != nil {
		s.Style.Error(w, r, err)
		return
	}
	s.Style.UnknownRoute(w, r)
}
