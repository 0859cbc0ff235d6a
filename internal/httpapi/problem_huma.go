package httpapi

import (
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
)

// problemsOnce guards huma's package variable, which New sets.
var problemsOnce sync.Once

// useProblems makes huma answer with Problem: same shape and language as ours,
// and never the value of a field that may be personal.
func useProblems() {
	problemsOnce.Do(func() {
		huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
			return humaProblem(&about{lang: chinese}, status, errs)
		}
		huma.NewErrorWithContext = func(ctx huma.Context, status int, msg string, errs ...error) huma.StatusError {
			return humaProblem(aboutRequest(ctx.Context()), status, errs)
		}
	})
}

func humaProblem(a *about, status int, errs []error) *Problem {
	code, detail := httpCode(status)
	if status >= 500 {
		code, detail = "internal", textInternal
		errs = nil
	}
	p := &Problem{
		Type: "urn:jiujin:problem:" + code, Title: titles[status].in(a.lang), Status: status,
		Detail: detail.in(a.lang), Code: code, RequestID: a.id, lang: a.lang,
	}
	for _, err := range errs {
		d, ok := err.(huma.ErrorDetailer)
		if !ok {
			p.Errors = append(p.Errors, Fault{Message: translate(err.Error(), a.lang)})
			continue
		}
		detail := d.ErrorDetail()
		p.Errors = append(p.Errors, Fault{
			Location: detail.Location, Message: translate(detail.Message, a.lang), Value: harmless(detail.Location, detail.Value),
		})
	}
	return p
}

// harmless returns a value that may be echoed, or nil: a plain value of a field
// that by its nature tells nothing about a person.
func harmless(location string, value any) any {
	field := location[strings.LastIndexByte(location, '.')+1:]
	field, _, _ = strings.Cut(field, "[")
	switch field {
	case "lon", "lat", "accuracy_m", "speed_kmh", "heading_deg", "fixed_at", "datum", "encoding", "dry_run",
		"kind", "subtype", "channel", "urgency", "status", "view", "level", "role", "mode",
		"version", "limit", "before", "k", "from", "to", "z", "x", "y", "id", "unit_id", "org_id", "crew":
	default:
		return nil
	}
	switch v := value.(type) {
	case string:
		if len(v) > 40 {
			return nil
		}
		return v
	case bool, int, int64, float64:
		return v
	default:
		return nil
	}
}
