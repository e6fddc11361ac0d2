package openstack

var networkSuite = suite{
	path: "networking/v2",
	runs: []trial{{who: demo, tests: []string{
		"TestAPIVersionsList", "TestAPIResourcesList", "TestExtensionsList", "TestExtensionGet",
		"TestNetworksExternalList", "TestNetworksCRUD", "TestNetworksPortSecurityCRUD", "TestNetworksRevision",
		"TestSubnetCRUD", "TestSubnetsDefaultGateway", "TestSubnetsNoGateway", "TestSubnetDNSNameservers", "TestSubnetsRevision",
		"TestPortsCRUD", "TestPortsRemoveSecurityGroups", "TestPortsDontAlterSecurityGroups", "TestPortsWithNoSecurityGroup",
		"TestPortsRemoveAddressPair", "TestPortsDontUpdateAllowedAddressPairs", "TestPortsPortSecurityCRUD", "TestPortsRevision",
	}}},
	not: []omission{
		{"no extension subnetpool_allocation: addresses of projects' networks may overlap", []string{
			"TestSubnetsWithSubnetPool", "TestSubnetsWithSubnetPoolNoCIDR", "TestSubnetsWithSubnetPoolPrefixlen",
		}},
		{"no extension subnet-service-types", []string{"TestSubnetsServiceType"}},
		{"no extension extra_dhcp_opt: no guest asks a DHCP server", []string{"TestPortsWithExtraDHCPOptsCRUD"}},
		{"no extension port-trusted-vif", []string{"TestPortsTrustedVIFCRUD"}},
	},
}

var networkExtensionsSuite = suite{
	path: "networking/v2/extensions",
	runs: []trial{{who: demo, tests: []string{
		"TestSecurityGroupsCreateUpdateDelete", "TestSecurityGroupsPort", "TestSecurityGroupsRevision", "TestNetworksProviderCRUD",
		"TestTags", "TestQueryByTags",
	}}},
	not: []omission{
		{"no extension address-group", []string{"TestSecurityAddressGroups"}},
	},
}

var layer3Suite = suite{
	path: "networking/v2/extensions/layer3",
	runs: []trial{
		{who: demo, tests: []string{"TestLayer3FloatingIPsCreateDelete", "TestLayer3FloatingIPsRevision", "TestLayer3RouterCreateDelete"}},
		{who: demo, env: []string{"OS_BRANCH=master"}, tests: []string{"TestLayer3RouterRevision"}},
		{who: administrator, tests: []string{
			"TestLayer3FloatingIPsCreateDeleteBySubnetID", "TestLayer3FloatingIPsExternalCreateDelete", "TestLayer3RouterInterface",
		}},
	},
	not: []omission{
		{"a router has one address on its pool, and nothing goes out through it, so there is no enable_snat", []string{"TestLayer3ExternalRouterCreateDelete"}},
		{"a port has one address", []string{"TestLayer3FloatingIPsWithFixedIPsExternalCreateDelete"}},
		{"no extension extraroute: guests send nothing out", []string{"TestLayer3ExtraRoutesAddRemove"}},
		{"no extension external-gateway-multihoming", []string{"TestLayer3RouterExternalGateways"}},
		{"no agents that routers would be scheduled to", []string{"TestLayer3RouterScheduling", "TestLayer3RouterAgents"}},
		{"no extension floating-ip-port-forwarding", []string{"TestLayer3PortForwardingsCreateDelete"}},
		{"no extension address-scope", []string{"TestAddressScopesCRUD"}},
	},
}

var networkQuotasSuite = suite{
	path: "networking/v2/extensions/quotas",
	runs: []trial{{who: administrator, tests: []string{"TestQuotasGet", "TestQuotasUpdate", "TestQuotasDelete"}}},
}
