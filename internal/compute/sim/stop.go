package sim

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// rebootGrace is how long a guest's programs have at a soft reboot.
const rebootGrace = 10 * time.Second

// ending is one way of an orderly shutdown.
type ending struct {
	wall string // what sessions are told, as systemd words it
	last string // what the kernel says at the very end
}

var (
	rebooting   = ending{"The system will reboot now!", "Restarting system"}
	poweringOff = ending{"The system will power off now!", "Power down"}
)

// shutDown has the guest's programs end in order, and ends those that take
// longer than grace; op is held. A machine that does not run stays as it is, and
// one that is paused hears nothing and is cut off.
func (m *machine) shutDown(how ending, grace time.Duration) {
	switch {
	case !m.running():
		return
	case m.gate.isShut():
		m.cut()
		return
	}
	in := m.shutDoors()
	asked := true
	if in != nil {
		if asked = in.shutDown(errors.New(how.wall), grace); !asked {
			in.cut()
		}
	}
	if err := m.logConsole(m.shutdownLog(how, in != nil, asked)); err != nil {
		m.d.log.Warn("write a simulated guest's console log", "instance", m.id, "error", err.Error())
	}
	m.down(in, time.Second)
}

// cut ends the guest as a power failure does; op is held.
func (m *machine) cut() {
	in := m.shutDoors()
	if in != nil {
		in.cut()
	}
	m.down(in, time.Second)
}

// stop ends the guest because the driver ends; op is held.
func (m *machine) stop() { m.down(m.shutDoors(), time.Second) }

// shutDoors takes the doors away: nobody finds them any more.
func (m *machine) shutDoors() *doors {
	m.wiring.Lock()
	defer m.wiring.Unlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	in := m.doors
	m.doors = nil
	return in
}

// down closes what is left and waits at most for grace until it has ended.
func (m *machine) down(in *doors, grace time.Duration) {
	m.gate.set(false)
	if in != nil {
		for range in.close(grace) {
			m.d.give()
		}
	}
	m.mu.Lock()
	m.up = false
	m.mu.Unlock()
}

func (m *machine) shutdownLog(how ending, logins, asked bool) string {
	var b strings.Builder
	log := func(text string) {
		fmt.Fprintf(&b, "[%12.6f] %s\n", m.d.opt.Now().Sub(m.facts().BootedAt).Seconds(), text)
	}
	if logins {
		log("sshd: Received signal 15; terminating.")
		log("shutdown: Sending SIGTERM to remaining processes...")
		if !asked {
			log("shutdown: Sending SIGKILL to remaining processes...")
		}
		log("shutdown: Syncing filesystems.")
	}
	log("reboot: " + how.last)
	return b.String()
}
