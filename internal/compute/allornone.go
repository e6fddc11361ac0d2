package compute

import "context"

// AllOrNone runs do in one transaction: what it does with the service that it
// gets is done whole, or when it returns an error not at all. do may run more
// than once, and must not use that service afterwards. What the driver has to
// hear of is told once it is done. Faults: what do says.
func (s *Service) AllOrNone(ctx context.Context, do func(*Service) error) error {
	var after afterwards
	err := s.store.Write(ctx, func(tx Tx) error {
		after = afterwards{}
		inside := &Service{store: opened{tx}, driver: s.driver, opt: s.opt, after: &after}
		inside.opt.Wake = func() { after.wake = true }
		return do(inside)
	})
	if err != nil {
		return err
	}
	s.rewire(ctx, after.touched)
	if after.wake {
		s.opt.Wake()
	}
	return nil
}

// afterwards is what waits for the end of a transaction.
type afterwards struct {
	touched []Placed // instances to be rewired
	wake    bool
}

// opened is a [Store] of one transaction that is open.
type opened struct{ tx Tx }

func (o opened) Read(_ context.Context, fn func(Tx) error) error  { return fn(o.tx) }
func (o opened) Write(_ context.Context, fn func(Tx) error) error { return fn(o.tx) }
