package app

import (
	"slices"
	"testing"

	"jiujin/internal/auth"
	"jiujin/ticket"
)

// What a page reads from /config alone about who may do what is what the service allows.
func TestTransitionsSayWhatIsAllowed(t *testing.T) {
	rows := transitions()
	answers := 0
	for _, sub := range ticket.Subtypes {
		for _, status := range []ticket.Status{
			ticket.Registered, ticket.ToDispatch, ticket.Offered, ticket.Accepted, ticket.EnRoute, ticket.OnScene, ticket.Reporting, ticket.Closed, ticket.Cancelled,
		} {
			for _, role := range auth.Roles() {
				read := []ticket.Action{}
				for _, row := range rows {
					forKind := len(row.Kinds) == 0 || slices.Contains(row.Kinds, string(sub.Kind))
					if forKind && !(row.NoVisit && sub.FieldVisit) && slices.Contains(row.From, string(status)) && slices.Contains(row.Roles, string(role)) {
						read = append(read, ticket.Action(row.Action))
					}
				}
				if want := ticket.Allowed(status, sub.Code, string(role)); !slices.Equal(read, want) {
					t.Errorf("%s may do %v with %s that is %s, the table says %v", role, want, sub.Code, status, read)
				}
				if sub.Kind == ticket.Report && slices.Contains(read, ticket.ActAnswer) {
					answers++
				}
			}
		}
	}
	if answers != 4 { // R12 and R15, by agents and dispatchers
		t.Errorf("reports may be answered in %d ways, want 4", answers)
	}
}
