package dispatch_test

import "testing"

// A look at 200 waiting tickets and 60 units that changes nothing: every choice has been proposed before.
func BenchmarkLook(b *testing.B) {
	c := newCounty(b, 60)
	for range 200 {
		c.report(b, 3)
	}
	c.look(b)
	b.ReportAllocs()
	for b.Loop() {
		c.look(b)
	}
}

// A look at an empty queue.
func BenchmarkLookIdle(b *testing.B) {
	c := newCounty(b, 60)
	for b.Loop() {
		c.look(b)
	}
}
