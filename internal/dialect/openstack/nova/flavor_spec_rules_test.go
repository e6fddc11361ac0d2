package nova

import (
	"errors"
	"testing"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/fault"
)

func TestExtraSpecRules(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{"anything", "x", ""},
		{"foo:bar", "x", ""},
		{"hw:foo", "x", "extra spec 'hw:foo' does not appear to be a valid extra spec."},
		{"HW:foo", "x", ""},
		{"trait_x:CUSTOM_A", "required", ""},
		{"trait:CUSTOM_A", "perhaps", "'perhaps' is not one of: required, forbidden."},
		{"trait:lower", "required", "extra spec 'trait:lower' does not appear to be a valid extra spec."},
		{"resources1:VCPU", "-1", ""},
		{"hw:numa_nodes", "0", "'0' is less than the min value of '1'."},
		{"hw:numa_nodes", "two", "'two' is not a valid integer value."},
		{"hw:numa_cpus.12", "0-3,^2", ""},
		{"hw:numa_cpus.12", "0-3;", `'0-3;' is not of the format '\^?\d+((-\d+)?(,\^?\d+(-\d+)?)?)*'.`},
		{"hw:mem_page_size", "2MiB", ""},
		{"hw:boot_menu", "Yes", ""},
		{"hw:boot_menu", "maybe", "'maybe' is not a valid boolean-like value."},
		{"powervm:shared_weight", "256", "'256' is greater than the max value of '255'."},
		{"quota:vif_inbound_average", "10", ""},
		{"quota:memory_shares_level", "high", ""},
		{"pci_passthrough:alias", "a:1, b:2", ""},
		{"hide_hypervisor_id", "2", "'2' is not a valid boolean-like value."},
	} {
		err := checkExtraSpec(openstack.V(2, 86), c.name, c.value)
		var e *fault.Error
		switch {
		case c.want == "":
			if err != nil {
				t.Errorf("%s=%s: %v", c.name, c.value, err)
			}
		case !errors.As(err, &e) || e.Kind != fault.Invalid || e.Msg != "Validation failed; "+c.want:
			t.Errorf("%s=%s: %v, want %s", c.name, c.value, err, c.want)
		}
		if err := checkExtraSpec(openstack.V(2, 85), c.name, c.value); err != nil {
			t.Errorf("%s=%s at 2.85: %v", c.name, c.value, err)
		}
	}
}
