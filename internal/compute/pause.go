package compute

import "context"

// pause freezes the machine or lets it go on. One that this process has not
// started yet is started first.
func (s *Service) pause(ctx context.Context, i Instance, on bool) error {
	p, ok := s.driver.(Pauser)
	if !ok {
		return s.cannot("pause")
	}
	if err := s.running(ctx, i); err != nil {
		return err
	}
	return p.Pause(ctx, i.ID, on)
}

// running starts a machine that should run and does not: after a restart of
// the process a job may come before [Service.Resume]'s.
func (s *Service) running(ctx context.Context, i Instance) error {
	seen, err := s.driver.Get(ctx, i.ID)
	if err != nil || seen.Power == PowerRunning || seen.Power == PowerPaused {
		return err
	}
	return s.driver.Start(ctx, i.spec())
}
