package storetest

import (
	"testing"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/store"
)

func testRoles(t *testing.T, s suite) {
	db := s.open(t)
	people(t, db)
	ctx := t.Context()
	role := func(id, accountID, name string) identity.RoleRecord {
		return identity.RoleRecord{Role: identity.Role(id), AccountID: accountID, Name: name, Description: "some", CreatedAt: epoch,
			Attributes: identity.Properties{"since": "[1, 2]"}, Options: identity.Properties{identity.OptionImmutable: "false"}}
	}
	auditor, local := role("r1", "", "auditor"), role("r2", "acc", "auditor")
	write(t, db, func(tx *store.Tx) error { return tx.InsertRole(ctx, auditor) })
	write(t, db, func(tx *store.Tx) error { return tx.InsertRole(ctx, local) })
	refused(t, db.Write(ctx, func(tx *store.Tx) error { return tx.InsertRole(ctx, role("r3", "", "auditor")) }), fault.Exists)
	auditor.Name, auditor.Description, auditor.Attributes, auditor.Options = "examiner", "", nil, nil
	write(t, db, func(tx *store.Tx) error { return tx.UpdateRole(ctx, auditor) })
	read(t, db, func(tx *store.Tx) error {
		got, err := tx.Role(ctx, "r1")
		same(t, got, auditor)
		if err != nil {
			return err
		}
		all, err := tx.Roles(ctx)
		same(t, all, []identity.RoleRecord{local, auditor})
		return err
	})

	// Who has it, by whatever is asked.
	has := func(user, project, role string) identity.Assignment {
		return identity.Assignment{UserID: user, Scope: inProject(project), Role: identity.Role(role)}
	}
	write(t, db, func(tx *store.Tx) error { return tx.InsertAssignment(ctx, has("u2", "p1", "r1")) })
	write(t, db, func(tx *store.Tx) error { return tx.InsertAssignment(ctx, has("u1", "p2", "r1")) })
	member := has("u1", "p1", string(identity.RoleMember))
	for _, c := range []struct {
		q    identity.AssignmentQuery
		want []identity.Assignment
	}{
		{identity.AssignmentQuery{}, []identity.Assignment{member, has("u1", "p2", "r1"), has("u2", "p1", "r1")}},
		{identity.AssignmentQuery{Role: "r1"}, []identity.Assignment{has("u1", "p2", "r1"), has("u2", "p1", "r1")}},
		{identity.AssignmentQuery{Scope: inProject("p1")}, []identity.Assignment{member, has("u2", "p1", "r1")}},
		{identity.AssignmentQuery{UserID: "u1", Scope: inProject("p2")}, []identity.Assignment{has("u1", "p2", "r1")}},
	} {
		read(t, db, func(tx *store.Tx) error {
			got, err := tx.Assignments(ctx, c.q)
			same(t, got, c.want)
			return err
		})
	}
	write(t, db, func(tx *store.Tx) error { return tx.DeleteRole(ctx, "r1") })
	for _, gone := range []func(tx *store.Tx) error{
		func(tx *store.Tx) error { _, err := tx.Role(ctx, "r1"); return err },
		func(tx *store.Tx) error { return tx.UpdateRole(ctx, auditor) },
		func(tx *store.Tx) error { return tx.DeleteRole(ctx, "r1") },
	} {
		refused(t, db.Write(ctx, gone), fault.NotFound)
	}
}
