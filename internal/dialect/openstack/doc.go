// Package openstack is what the OpenStack services (identity, compute, image,
// network, volume) have in common on the wire: how JSON is written, how
// microversions are agreed on, how errors and headers look in each service's
// style, where links point, and what version discovery answers.
package openstack
