package harness

import (
	"encoding/json"
)

// Account is a user who logs in to a project.
type Account struct {
	Username, Password string
	Project            string
	Domain, Region     string
}

// AuthURL is where clients log in.
func (s *Server) AuthURL() string { return s.Main + "/identity/v3" }

// OpenStackEnv is what openstack clients read to log in as an account.
func (s *Server) OpenStackEnv(a Account) []string {
	return []string{
		"OS_AUTH_URL=" + s.AuthURL(),
		"OS_IDENTITY_API_VERSION=3",
		"OS_USERNAME=" + a.Username,
		"OS_PASSWORD=" + a.Password,
		"OS_PROJECT_NAME=" + a.Project,
		"OS_USER_DOMAIN_NAME=" + a.Domain,
		"OS_PROJECT_DOMAIN_NAME=" + a.Domain,
		"OS_REGION_NAME=" + a.Region,
	}
}

// AddProject makes a project.
func (s *Server) AddProject(name string) {
	s.t.Helper()
	s.Run("", "project", "create", name)
}

// AddUser makes a user with a role in a project of the same domain as the demo project.
func (s *Server) AddUser(name, project, role string) Account {
	s.t.Helper()
	a := s.Demo
	a.Username, a.Password, a.Project = name, name+"-password-7", project
	s.Run(a.Password+"\n", "user", "create", name, "--project", project, "--role", role, "--password-file", "-")
	return a
}

func (s *Server) readCredentials() {
	s.t.Helper()
	var c struct {
		Admin struct{ Username, Password string }
		Demo  struct{ Username, Password, Project, Domain, Region string }
	}
	if err := json.Unmarshal([]byte(s.Run("", "credentials", "--format", "json")), &c); err != nil {
		s.t.Fatalf("keyreeve credentials: %v", err)
	}
	s.Demo = Account(c.Demo)
	s.Root = Account{
		Username: c.Admin.Username, Password: c.Admin.Password, Project: c.Admin.Username,
		Domain: c.Demo.Domain, Region: c.Demo.Region,
	}
}
