package toast

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/wire"
)

// The codes of what the gateway itself has to say.
const (
	failed            = -1 // cannot be done now; try again
	unknownException  = -2
	permissionDenied  = -3
	invalidParameters = -4
	nonexistent       = -5
	databaseFailed    = -6
	notSupported      = -7
	jsonParsing       = -8

	noAddress = 20001
	noNetwork = 20004
)

// texts are the literal messages of the codes above; a detail follows after " : ".
var texts = map[int]string{
	failed:            "FAIL",
	unknownException:  "UNKNOWN EXCEPTION",
	permissionDenied:  "Permission denied",
	invalidParameters: "Invalid parameters",
	nonexistent:       "Nonexistent",
	databaseFailed:    "Failed to query internal db",
	notSupported:      "Not supported",
	jsonParsing:       "JSON parsing error",
}

// family is a resource whose codes have a prefix of their own, by the domain's
// word for it.
type family string

// The families.
const (
	ofInstance      family = "instance"
	ofFlavor        family = "flavor"
	ofZone          family = "zone"
	ofKeyPair       family = "key pair"
	ofNetwork       family = "network"
	ofSubnet        family = "subnet"
	ofFloatingIP    family = "floating IP"
	ofSecurityGroup family = "security group"
	ofImage         family = "image"
	ofVolume        family = "volume"
	ofToken         family = "token"
)

// kin is what there is to know of a family.
type kin struct {
	prefix int
	// missing tells that something is not there, by its name.
	missing string
	// conflict is the status of what its state does not allow.
	conflict int
}

var families = map[family]kin{
	ofInstance:            {10, "Instance %s could not be found.", http.StatusConflict},
	ofFlavor:              {11, "Flavor %s could not be found.", http.StatusConflict},
	ofZone:                {12, "Availability zone %s could not be found.", http.StatusConflict},
	ofKeyPair:             {13, "Keypair %s could not be found.", http.StatusConflict},
	ofNetwork:             {20, "Network %s could not be found.", http.StatusConflict},
	ofSubnet:              {21, "Subnet %s could not be found.", http.StatusConflict},
	ofFloatingIP:          {22, "Floating IP %s could not be found.", http.StatusConflict},
	ofSecurityGroup:       {24, "Security group %s could not be found.", http.StatusConflict},
	"security group rule": {24, "Security group rule %s could not be found.", http.StatusConflict},
	ofImage:               {30, "Image %s could not be found.", http.StatusConflict},
	ofVolume:              {40, "Volume %s could not be found.", http.StatusBadRequest},
	"attachment":          {40, "Volume %s is not attached.", http.StatusBadRequest},
	ofToken:               {50, "Could not find token.", http.StatusConflict},
}

// code is the family's for an HTTP status of the service below.
func (f family) code(status int) int { return families[f].prefix*1000 + status }

// failure is an answer other than success, as the dialect itself words it.
type failure struct {
	code   int
	detail string // of a code of ours; the whole text of any other
	retry  time.Duration
}

// Error is the resultMessage.
func (f *failure) Error() string {
	text, ours := texts[f.code]
	switch {
	case !ours:
		return f.detail
	case f.detail == "":
		return text
	}
	return text + " : " + f.detail
}

var errBodyTooLarge = &failure{code: invalidParameters, detail: "request body is too large"}

func badParameter(field, what string) error {
	return &failure{code: invalidParameters, detail: field + " " + what}
}

// kinds say what becomes of each kind of fault of the domain; about is the
// family of what it happened to.
var kinds = map[fault.Kind]func(e *fault.Error, about family) *failure{
	fault.Invalid: func(e *fault.Error, about family) *failure {
		return &failure{code: about.code(http.StatusBadRequest), detail: said(e, "the request is invalid")}
	},
	fault.TooLarge: func(e *fault.Error, about family) *failure {
		return &failure{code: about.code(http.StatusBadRequest), detail: said(e, "the request is too large")}
	},
	fault.Exists: func(e *fault.Error, about family) *failure {
		return &failure{code: about.code(http.StatusConflict), detail: said(e, fmt.Sprintf("%s %s already exists.", about, e.Name))}
	},
	fault.NotFound: func(e *fault.Error, about family) *failure {
		if about == ofNetwork {
			return &failure{code: noNetwork, detail: "No accessible network"}
		}
		text := strings.Replace(families[about].missing, "%s", e.Name, 1)
		return &failure{code: about.code(http.StatusNotFound), detail: said(e, text)}
	},
	fault.Quota: func(e *fault.Error, about family) *failure {
		return &failure{code: about.code(http.StatusForbidden), detail: said(e, "Quota exceeded.")}
	},
	fault.Conflict: func(e *fault.Error, about family) *failure {
		return &failure{code: about.code(families[about].conflict), detail: said(e, "its state does not allow this")}
	},
	fault.NoCapacity: func(e *fault.Error, about family) *failure {
		if about == ofNetwork {
			return &failure{code: noAddress, detail: "No available IP"}
		}
		return &failure{code: failed, detail: said(e, "there is no room for it")}
	},
	fault.Forbidden: func(*fault.Error, family) *failure {
		return &failure{code: permissionDenied, detail: "insufficient role"}
	},
	fault.Unauthenticated: func(*fault.Error, family) *failure {
		return &failure{code: permissionDenied, detail: "invalid token"}
	},
	fault.Unsupported: func(e *fault.Error, _ family) *failure {
		return &failure{code: notSupported, detail: said(e, "this deployment cannot do that")}
	},
	fault.Unavailable: unavailable,
	fault.Internal: func(e *fault.Error, _ family) *failure {
		if e.Resource == "database" {
			return &failure{code: databaseFailed}
		}
		return &failure{code: unknownException}
	},
}

func said(e *fault.Error, otherwise string) string {
	if e.Msg != "" {
		return e.Msg
	}
	return otherwise
}

func unavailable(e *fault.Error, _ family) *failure {
	var many *identity.TooManyFailures
	if errors.As(e, &many) {
		return &failure{code: failed, detail: "too many requests", retry: max(time.Second, time.Until(many.Until))}
	}
	return &failure{code: failed, detail: "try again later", retry: time.Second}
}

// failureOf puts any error into this API's words. A fault that does not say what
// it is about is about the call's own family.
func failureOf(err error, about family) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	var e *fault.Error
	if !errors.As(err, &e) {
		e = &fault.Error{Kind: fault.Internal}
	}
	if _, known := families[family(e.Resource)]; known {
		about = family(e.Resource)
	}
	if _, known := families[about]; !known {
		about = ofInstance
	}
	word, known := kinds[e.Kind]
	if !known {
		word = kinds[fault.Internal]
	}
	return word(e, about)
}

// writeFailure answers with a header and nothing else: clients take any other
// member for success.
func writeFailure(w http.ResponseWriter, r *http.Request, about family, err error) {
	f := failureOf(err, about)
	wire.Note(r.Context(), "result", strconv.Itoa(f.code))
	if f.code == unknownException || f.code == databaseFailed {
		wire.Note(r.Context(), "error", err.Error())
	}
	if f.retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((f.retry+time.Second-1)/time.Second)))
	}
	writeJSON(w, r, &envelope{Header: header{ResultCode: f.code, ResultMessage: f.Error()}})
}

// isField reports whether err is about that field of the domain's request.
func isField(err error, field string) bool {
	var e *fault.Error
	return errors.As(err, &e) && e.Kind == fault.Invalid && e.Field == field
}

// asInstances gives something else that is missing the code of an instance's:
// the call was about an instance.
func asInstances(err error) error {
	f := failureOf(err, ofInstance)
	return &failure{code: ofInstance.code(http.StatusNotFound), detail: f.detail}
}
