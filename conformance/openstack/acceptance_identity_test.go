package openstack

var identitySuite = suite{
	path: "identity/v3",
	runs: []trial{
		{who: administrator, tests: []string{
			"TestTokensGet", "TestCatalogList", "TestEndpointsList", "TestEndpointsGet", "TestEndpointsNavigateCatalog",
			"TestServicesList", "TestRegionsList", "TestRegionsGet", "TestDomainsList", "TestDomainsGet", "TestDomainsListAvailable",
			"TestDomainsCRUD", "TestProjectsList", "TestProjectsGet", "TestProjectsCRUD",
			"TestApplicationCredentialsCRD", "TestApplicationCredentialsAccessRules", "TestUserChangePassword", "TestReauthAuthResultDeadlock",
			"TestProjectsTags", "TestProjectsTagsCRUD", "TestUserCRUD",
			"TestRolesCRUD", "TestRolesFilterList", "TestRolesAssignToUserOnProject", "TestRolesAssignToUserOnDomain", "TestRolesAssignToUserOnSystem",
			"TestRoleListAssignmentIncludeNamesAndSubtree", "TestRoleListAssignmentForUserOnProject", "TestRoleListAssignmentForUserOnDomain",
			"TestRolesList", "TestRolesGet", "TestUsersGet", "TestUsersList", "TestUsersListProjects",
		}},
		{who: demo, tests: []string{"TestProjectsListAvailable"}},
	},
	not: []omission{
		{"the roles that imply others are fixed: admin, member and reader", []string{"TestCRUDRoleInferenceRule"}},
		{"roles are not inherited: projects do not nest", []string{
			"TestInheritRolesAssignToUserOnProject", "TestInheritRolesAssignToUserOnDomain",
		}},
		{"no groups of users", []string{
			"TestRoleListAssignmentForGroupOnProject", "TestRoleListAssignmentForGroupOnDomain",
			"TestRolesAssignToGroupOnProject", "TestRolesAssignToGroupOnDomain", "TestRolesAssignToGroupOnSystem",
			"TestInheritRolesAssignToGroupOnProject", "TestInheritRolesAssignToGroupOnDomain",
			"TestGroupCRUD", "TestUsersGroups",
		}},
		{"projects do not nest, nor act as domains", []string{"TestProjectsNested", "TestProjectsDomain"}},
		{"the catalog is what this deployment serves, in one region", []string{
			"TestEndpointCRUD", "TestServicesCRUD", "TestRegionsCRUD", "TestProjectEndpoints",
		}},
		{"quotas are kept by each service, not by Keystone", []string{
			"TestGetEnforcementModel", "TestLimitsList", "TestLimitsCRUD", "TestRegisteredLimitsCRUD",
		}},
		{"no EC2 credentials, nor other secrets kept for users", []string{"TestCredentialsCRUD", "TestCredentialsValidateS3", "TestEC2CredentialsCRD"}},
		{"no federation, OAuth, trusts or policy files", []string{
			"TestListMappings", "TestMappingsCRUD", "TestOAuth1CRUD", "TestTrustCRUD", "TestPoliciesList", "TestPoliciesCRUD",
		}},
	},
}

// identityV2Suite is of the version 2.0 of the API, whose tokens the session
// "identity v2.0" proves.
var identityV2Suite = suite{
	path: "identity/v2",
	not: []omission{
		{"of version 2.0 there are tokens only; gophercloud logs in with version 3 before it tries them", []string{
			"TestExtensionsList", "TestExtensionsGet", "TestRolesAddToUser", "TestRolesList", "TestTenantsList", "TestTenantsCRUD",
			"TestTokenAuthenticate", "TestTokenValidate", "TestUsersList", "TestUsersCreateUpdateDelete",
		}},
	},
}
