package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const (
	envPrefix = "KEYREEVE_"
	// fileVariable names the configuration file where no flag does.
	fileVariable = envPrefix + "CONFIG"
	// testPrefix is kept free for the tests' own variables.
	testPrefix = envPrefix + "TEST_"
)

// Flag is a setting that was given on the command line.
type Flag struct {
	Name  string // as the person typed it: "--data"
	Key   string // "data.dir"
	Value string
}

// Load reads the configuration. A flag wins over an environment variable, that
// over the file, and that over the default. The file is path, or else what
// KEYREEVE_CONFIG names, or else there is none. env is in the form of [os.Environ].
//
// Every KEYREEVE_ variable must be a setting; KEYREEVE_CONFIG and those that
// begin with KEYREEVE_TEST_ are the exceptions. Every error is one sentence
// that says what to change, and where.
func Load(path string, env []string, flags ...Flag) (Config, error) {
	return load(path, env, os.Geteuid() == 0, flags)
}

func load(path string, env []string, root bool, flags []Flag) (Config, error) {
	var c Config
	all := settings(&c)
	byPath := make(map[string]setting, len(all))
	for _, s := range all {
		byPath[s.path()] = s
		if !s.set(s.tag.Get("default")) {
			panic(fmt.Sprintf("config: %s: the default is of the wrong kind", s))
		}
	}
	// origin says where a setting's value came from, to begin a message with.
	origin := map[string]string{}

	vars := variables(env)
	if path == "" {
		path = vars[fileVariable]
	}
	if path != "" {
		if err := readFile(path, byPath, origin); err != nil {
			return Config{}, err
		}
	}
	if err := readEnv(vars, all, origin); err != nil {
		return Config{}, err
	}
	for _, f := range flags {
		s, ok := byPath[f.Key]
		if !ok {
			panic(fmt.Sprintf("config: flag %s sets %s, which is no setting", f.Name, f.Key))
		}
		origin[f.Key] = f.Name
		if !s.set(f.Value) {
			return Config{}, refuse(f.Name, s, f.Value)
		}
	}
	for _, s := range all {
		if !s.ok() {
			return Config{}, refuse(origin[s.path()], s, s.text())
		}
	}
	return c, c.Data.resolve(vars, root)
}

// refuse says what a setting must be.
func refuse(origin string, s setting, value string) error {
	if s.secret() {
		return fmt.Errorf("%s has a value that is not allowed: it must be %s", origin, s.want())
	}
	return fmt.Errorf("%s is %q, but must be %s", origin, value, s.want())
}

// variables keeps the environment's KEYREEVE_ variables and those that place
// the data folder. The last of several wins, as in most shells.
func variables(env []string) map[string]string {
	vars := map[string]string{}
	for _, kv := range env {
		name, value, _ := strings.Cut(kv, "=")
		if strings.HasPrefix(name, envPrefix) || name == "XDG_DATA_HOME" || name == "HOME" {
			vars[name] = value
		}
	}
	return vars
}

func readEnv(vars map[string]string, all []setting, origin map[string]string) error {
	known := map[string]bool{fileVariable: true}
	for _, s := range all {
		known[s.env()] = true
		value, given := vars[s.env()]
		if !given {
			continue
		}
		origin[s.path()] = "environment variable " + s.env()
		if !s.set(value) {
			return refuse(origin[s.path()], s, value)
		}
	}
	for _, name := range sortedKeys(vars) {
		if strings.HasPrefix(name, envPrefix) && !known[name] && !strings.HasPrefix(name, testPrefix) {
			return fmt.Errorf("environment variable %s sets nothing; did you mean %s? Otherwise unset it", name, nearest(name, sortedKeys(known)))
		}
	}
	return nil
}

// resolve finds the data folder where none is set, and makes its path absolute.
func (d *Data) resolve(vars map[string]string, root bool) error {
	// The XDG Base Directory Specification tells to ignore relative paths.
	xdg, home := vars["XDG_DATA_HOME"], vars["HOME"]
	switch {
	case d.Dir != "":
	case root:
		d.Dir = "/var/lib/keyreeve"
	case filepath.IsAbs(xdg):
		d.Dir = filepath.Join(xdg, "keyreeve")
	case filepath.IsAbs(home):
		d.Dir = filepath.Join(home, ".local", "share", "keyreeve")
	default:
		return errors.New("there is no place for the data folder, because HOME is not set: name one with --data, KEYREEVE_DATA_DIR or [data] dir")
	}
	dir, err := filepath.Abs(d.Dir)
	if err != nil {
		return fmt.Errorf("cannot tell where the data folder %s is, give its full path: %w", d.Dir, err)
	}
	d.Dir = dir
	return nil
}
