// Package audit records who did what to which key pair, instance or account.
// An entry is written in the transaction of the change that it tells of, so
// there is never one without the other.
package audit

import (
	"context"
	"time"
)

// Entry is one thing that somebody did.
type Entry struct {
	At        time.Time
	RequestID string // of the request that did it, empty for the server's own work
	Dialect   string // through which surface: "openstack", "cli", …
	Region    string
	UserID    string // who
	ProjectID string // as a member of which project, empty when unscoped
	Action    Action
	Resource  string // "key pair", "instance", "user", …
	Name      string // its name or id
	OwnerID   string // the user or project it belongs to
	Detail    string // what else a reader of the log wants, never a secret
}

// Action says what was done.
type Action string

// The actions.
const (
	Create Action = "create"
	Import Action = "import"
	Delete Action = "delete"
	Start  Action = "start"
	Stop   Action = "stop"
	Reboot Action = "reboot"
	Bind   Action = "bind" // a key pair's key was put on an instance
	Attach Action = "attach"
	Detach Action = "detach"

	Rebuild  Action = "rebuild"
	Resize   Action = "resize"
	Confirm  Action = "confirm resize"
	Revert   Action = "revert resize"
	Pause    Action = "pause"
	Unpause  Action = "unpause"
	Lock     Action = "lock"
	Unlock   Action = "unlock"
	Snapshot Action = "snapshot"
	Password Action = "change password" // a guest's

	Login       Action = "login"
	LoginFailed Action = "login failed"
	Revoke      Action = "revoke"
	Grant       Action = "grant"
	Ungrant     Action = "ungrant"
	Update      Action = "update"
)

// Tx is the part of a store transaction that takes entries.
type Tx interface {
	// AppendAudit writes e with the rest of the transaction.
	AppendAudit(ctx context.Context, e Entry) error
}

// Query selects entries, newest first.
type Query struct {
	Resource string // empty: any
	Name     string // empty: any
	UserID   string // empty: any
	Limit    int    // at most this many, 1 to 1000
}
