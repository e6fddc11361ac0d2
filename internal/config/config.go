// Package config is Keyreeve's one configuration: a typed TOML file, with
// environment variables over it and command-line flags over those.
//
// The struct tags of [Config] are the only list of settings. The environment's
// names, the checks, [Reference] and docs/configuration.md all come from them:
//
//	toml     the key; the variable is KEYREEVE_<SECTION>_<KEY>
//	default  the value when nothing sets it, as one would write it without quotes
//	doc      what it means, in one sentence
//	min,max  the bounds of a number or a duration
//	oneof    the words that are allowed, separated by |
//	check    the name of a check in checks; of a list each text must pass
//	sep      what stands between the texts of a list in a variable; without it as in PATH
//	secret   "true" keeps the value out of error messages
package config

import "time"

// Config holds every setting, checked.
type Config struct {
	Listen   Listen   `toml:"listen" doc:"Addresses of the HTTP listeners, as host:port. Port 0 picks a free one."`
	Data     Data     `toml:"data" doc:"The data folder."`
	Database Database `toml:"database" doc:"Where everything is kept."`
	Region   Region   `toml:"region" doc:"The one region of this deployment."`
	Public   Public   `toml:"public" doc:"How clients reach the server."`
	Identity Identity `toml:"identity" doc:"Logging in."`
	Keypair  Keypair  `toml:"keypair" doc:"Key pairs."`
	// One line for each dialect.
	OpenStack Dialect `toml:"openstack" doc:"What holds for the OpenStack API alone."`
	TOAST     Dialect `toml:"toast" doc:"What holds for the TOAST API alone."`
	Compute   Compute `toml:"compute" doc:"Instances, whatever runs them. The quotas hold where no administrator has set another limit."`
	Sim       Sim     `toml:"sim" doc:"The sim driver: instances inside the server's own process."`
	Log       Log     `toml:"log" doc:"The server's log, on standard error."`
	Limits    Limits  `toml:"limits" doc:"How long things may take."`
}

// Listen holds the addresses of the listeners.
type Listen struct {
	Main  string `toml:"main" default:"127.0.0.1:8080" check:"address" doc:"OpenStack and TOAST APIs."`
	Admin string `toml:"admin" default:"127.0.0.1:8089" check:"address" doc:"Metrics, health and profiles: keep it away from the public."`
	// For [ParseNetwork].
	TrustedProxies []string `toml:"trusted_proxies" default:"" check:"network" sep:"," doc:"Proxies in front of the main listener, whose X-Forwarded-For tells who the client is: networks or addresses. From anyone else the header counts for nothing."`
}

// Data says where the server keeps its files.
type Data struct {
	Dir string `toml:"dir" default:"" check:"folder" doc:"The folder; empty is /var/lib/keyreeve for root, and keyreeve in XDG_DATA_HOME (or ~/.local/share) for others."`
}

// Database says where the store is.
type Database struct {
	URL string `toml:"url" default:"" check:"database" secret:"true" doc:"A postgres:// URL; empty is the SQLite file keyreeve.db in the data folder."`
}

// Region names the region.
type Region struct {
	ID        string `toml:"id" default:"region1" check:"name" doc:"The region's own id; it is kept with every key pair, so do not change it later."`
	OpenStack string `toml:"openstack" default:"RegionOne" check:"name" doc:"The region's name in the OpenStack catalog."`
}

// Public says how the server is seen from outside.
type Public struct {
	Base string `toml:"base" default:"" check:"base" doc:"URL that links in answers begin with, such as https://cloud.example.com; empty takes each request's Host header."`
}

// Identity holds the settings of logging in.
type Identity struct {
	TokenLife           Duration `toml:"token_life" default:"1h" min:"1m" max:"720h" doc:"How long a token is valid."`
	PasswordConcurrency int      `toml:"password_concurrency" default:"0" min:"0" max:"256" doc:"How many passwords are hashed at once; 0 is one per CPU."`
	LockoutAttempts     int      `toml:"lockout_attempts" default:"10" min:"0" max:"1000" doc:"Failed logins in a row that lock a user out for the address they came from; ten times as many lock the user for everyone, or the address for every user. 0 never locks."`
	LockoutDuration     Duration `toml:"lockout_duration" default:"5m" min:"1s" max:"24h" doc:"How long a user stays locked out."`
}

// Keypair holds the settings of key pairs.
type Keypair struct {
	Quota      int    `toml:"quota" default:"100" min:"0" max:"1000000" doc:"Key pairs that one user may have through OpenStack and TOAST, where no administrator has set another limit."`
	WeakKeys   string `toml:"weak_keys" default:"refuse" oneof:"refuse|warn|allow" doc:"What happens to an imported key that counts as weak."`
	MinRSABits int    `toml:"min_rsa_bits" default:"2048" min:"1024" max:"16384" doc:"RSA keys with fewer bits count as weak; those under 1024 bits are always refused."`
	RefuseDSA  bool   `toml:"refuse_dsa" default:"false" doc:"DSA keys count as weak. Otherwise they are kept, though current SSH servers do not take them."`
	// The files' formats are in docs/keys.md.
	WeakBlocklist []string `toml:"weak_blocklist" default:"" check:"file" doc:"Files with fingerprints of keys that count as weak; docs/keys.md describes them."`
	SharedPrimes  string   `toml:"shared_primes" default:"" check:"file" doc:"A file with prime numbers that several keys have been found to share: RSA keys with one of them count as weak; docs/keys.md describes it."`
	Pool          int      `toml:"pool" default:"8" min:"0" max:"1024" doc:"RSA keys made ahead of time and held in memory only; 0 makes each one when it is asked for."`
}

// Dialect holds the settings that each cloud's API has for itself.
type Dialect struct {
	WeakKeys string `toml:"weak_keys" default:"" oneof:"|refuse|warn|allow" doc:"What happens here to an imported key that counts as weak; empty is as [keypair] weak_keys says."`
}

// Compute holds the settings of instances.
type Compute struct {
	Driver         string `toml:"driver" default:"sim" oneof:"sim" doc:"What runs instances."`
	QuotaInstances int    `toml:"quota_instances" default:"10" min:"0" max:"1000000" doc:"Instances of one project."`
	QuotaCores     int    `toml:"quota_cores" default:"20" min:"0" max:"1000000" doc:"Virtual CPUs of one project."`
	QuotaRAMMiB    int    `toml:"quota_ram_mib" default:"51200" min:"0" max:"1000000000" doc:"Memory of one project, in MiB."`
	QuotaVolumes   int    `toml:"quota_volumes" default:"10" min:"0" max:"1000000" doc:"Volumes of one project."`
	QuotaSnapshots int    `toml:"quota_snapshots" default:"10" min:"0" max:"1000000" doc:"Snapshots of the volumes of one project."`
	QuotaGigabytes int    `toml:"quota_gigabytes" default:"1000" min:"0" max:"1000000000" doc:"The size of all volumes and snapshots of one project together, in GiB."`
}

// Sim holds the settings of the sim driver.
type Sim struct {
	Network  string   `toml:"network" default:"127.8.0.0/16" check:"loopback" doc:"Loopback network that instances get their addresses from."`
	Floating string   `toml:"floating" default:"127.9.0.0/16" check:"loopback" doc:"Loopback network that floating addresses come from."`
	Port     int      `toml:"port" default:"0" min:"0" max:"65535" doc:"SSH port of instances; 0 is 22 where that can be bound, else 2200."`
	DiskMiB  int      `toml:"disk_mib" default:"64" min:"1" max:"65536" doc:"Most that an instance's virtual disk may hold, in MiB."`
	BootTime Duration `toml:"boot_time" default:"0s" min:"0s" max:"10m" doc:"How long instances are seen being built, started, rebooted, rebuilt, resized or given a password, for clients that wait to see it; 0s is no longer than it really takes."`
	Gateway  string   `toml:"gateway" default:"" check:"address or empty" doc:"Address of one SSH port for all instances (ssh user%instance@…), such as 127.0.0.1:2222; empty is none."`
}

// Log holds the settings of the log.
type Log struct {
	Format string `toml:"format" default:"text" oneof:"text|json" doc:"How lines are written."`
	Level  string `toml:"level" default:"info" oneof:"debug|info|warn|error" doc:"The least important lines that are written."`
}

// Limits holds time limits.
type Limits struct {
	RequestTimeout Duration `toml:"request_timeout" default:"60s" min:"1s" max:"10m" doc:"How long one API request may take."`
	ShutdownGrace  Duration `toml:"shutdown_grace" default:"10s" min:"100ms" max:"10m" doc:"How long a shutdown waits for requests under way."`
}

// Duration is a [time.Duration] that is written as "1h30m".
type Duration struct{ time.Duration }
