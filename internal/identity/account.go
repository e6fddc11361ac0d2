// Package identity knows who people are: accounts, projects, users, their
// roles and credentials, and what a caller may do.
//
// One person is one user in every dialect: a Keystone user, a TOAST ID with an
// API password, an access key and a console login are credentials of the same
// [User]. One [Account] is what Keystone calls a domain.
package identity

import "time"

// DefaultAccountID is the id of the account that is always there, as in Keystone.
const DefaultAccountID = "default"

// Account holds users and projects; their names are unique in it. Keystone
// calls it a domain.
type Account struct {
	ID          string // 32 hex digits, or "default"
	Name        string
	Description string
	Enabled     bool
	CreatedAt   time.Time
}

// Project owns instances and shared key pairs. Towards TOAST it has an appkey;
// towards Alibaba it acts as the account.
type Project struct {
	ID          string // 32 hex digits
	AccountID   string
	Name        string // 1 to 64 characters, unique in the account, compared exactly
	Description string
	Enabled     bool
	AppKey      string // 16 letters and digits; selects the project in TOAST's paths
	CreatedAt   time.Time
}

// User is a person or a program.
type User struct {
	ID               string // 32 hex digits
	AccountID        string
	Name             string // 1 to 255 characters, unique in the account, compared exactly
	Email            string // the TOAST ID; empty or unique
	Description      string
	Enabled          bool
	DefaultProjectID string
	PasswordHash     string // PHC form, empty when the user cannot log in by password
	APIPasswordHash  string // of TOAST's API password, PHC form, or empty
	CreatedAt        time.Time
}

// AccessKey signs requests of the dialects that sign. Its secret is sealed with
// the master key, because the server must be able to compute the signature.
type AccessKey struct {
	ID           string // what the client sends: 20 upper-case letters and digits
	UserID       string
	ProjectID    string // the project it acts in
	SealedSecret []byte
	Enabled      bool
	CreatedAt    time.Time
}
