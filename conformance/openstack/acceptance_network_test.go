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
	}}},
	not: []omission{
		{"no extension standard-attr-tag", []string{"TestTags", "TestQueryByTags"}},
		{"no extension address-group", []string{"TestSecurityAddressGroups"}},
	},
}

var layer3Suite = suite{
	path: "networking/v2/extensions/layer3",
	runs: []trial{
		{who: demo, tests: []string{"TestLayer3FloatingIPsCreateDelete", "TestLayer3FloatingIPsRevision"}},
		{who: administrator, tests: []string{"TestLayer3FloatingIPsCreateDeleteBySubnetID"}},
	},
	not: []omission{
		{"no routers: every network is reached by floating addresses without one", []string{
			"TestLayer3RouterCreateDelete", "TestLayer3ExternalRouterCreateDelete", "TestLayer3RouterInterface", "TestLayer3RouterRevision",
			"TestLayer3FloatingIPsExternalCreateDelete", "TestLayer3FloatingIPsWithFixedIPsExternalCreateDelete",
			"TestLayer3ExtraRoutesAddRemove", "TestLayer3RouterExternalGateways",
		}},
		{"no agents that routers would be scheduled to", []string{"TestLayer3RouterScheduling", "TestLayer3RouterAgents"}},
		{"no extension floating-ip-port-forwarding", []string{"TestLayer3PortForwardingsCreateDelete"}},
		{"no extension address-scope", []string{"TestAddressScopesCRUD"}},
	},
}

var networkQuotasSuite = suite{
	path: "networking/v2/extensions/quotas",
	runs: []trial{{who: administrator, tests: []string{"TestQuotasGet", "TestQuotasUpdate", "TestQuotasDelete"}}},
}
