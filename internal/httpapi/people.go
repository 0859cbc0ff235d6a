package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"jiujin/internal/auth"
	"jiujin/internal/pg"
	"jiujin/ticket"
)

// PersonView is a person as an administrator sees one.
type PersonView struct {
	ID         int64      `json:"id"`
	Login      string     `json:"login"`
	Name       string     `json:"name"`
	Role       auth.Role  `json:"role"`
	OrgID      int64      `json:"org_id"`
	UnitID     *int64     `json:"unit_id"`
	MustChange bool       `json:"must_change"`
	DisabledAt *time.Time `json:"disabled_at"`
	CreatedAt  time.Time  `json:"created_at"`
}

// PersonSecret is a person together with a one-time password.
type PersonSecret struct {
	Person PersonView `json:"person"`
	Secret string     `json:"secret" doc:"One-time password, shown once; must be changed at the first sign-in"`
}

// OrgView is a node of the organisation tree.
type OrgView struct {
	ID       int64  `json:"id"`
	ParentID *int64 `json:"parent_id"`
	Level    string `json:"level"`
	Code     string `json:"code"`
	Name     string `json:"name"`
}

func personView(p auth.Person) PersonView {
	v := PersonView{
		ID: p.ID, Login: p.Login, Name: p.Name, Role: p.Role, OrgID: p.OrgID,
		UnitID: orNull(p.UnitID), MustChange: p.MustChange, CreatedAt: p.CreatedAt.UTC(),
	}
	if !p.DisabledAt.IsZero() {
		at := p.DisabledAt.UTC()
		v.DisabledAt = &at
	}
	return v
}

func orgView(o auth.Org) OrgView {
	return OrgView{ID: o.ID, ParentID: orNull(o.ParentID), Level: o.Level, Code: o.Code, Name: o.Name}
}

func orNull(id int64) *int64 {
	if id == 0 {
		return nil
	}
	return &id
}

type personInput struct {
	Command
	Body struct {
		Login  string `json:"login" minLength:"2" maxLength:"60" pattern:"^[a-z0-9][a-z0-9._-]*$"`
		Name   string `json:"name" minLength:"1" maxLength:"60"`
		Role   string `json:"role" enum:"administrator,agent,dispatcher,leader,officer,supervisor,wall"`
		OrgID  int64  `json:"org_id" minimum:"1"`
		UnitID int64  `json:"unit_id,omitempty" minimum:"1" doc:"The unit the person serves in; an officer must have one"`
	}
}

type personIDInput struct {
	Command
	ID int64 `path:"id" minimum:"1"`
}

type orgInput struct {
	Command
	Body struct {
		ParentID int64  `json:"parent_id" minimum:"1"`
		Level    string `json:"level" enum:"prefecture,county,squad,team"`
		Code     string `json:"code" minLength:"1" maxLength:"40"`
		Name     string `json:"name" minLength:"1" maxLength:"60"`
	}
}

type (
	personOutput struct{ Body PersonView }
	secretOutput struct{ Body PersonSecret }
	orgOutput    struct{ Body OrgView }
	peopleOutput struct {
		Body struct {
			People []PersonView `json:"people" nullable:"false"`
		}
	}
	orgsOutput struct {
		Body struct {
			Orgs []OrgView `json:"orgs" nullable:"false"`
		}
	}
)

func (s *Server) peopleRoutes() {
	const people, orgs = "/api/v1/people", "/api/v1/orgs"
	about := func(summary string, status int) huma.Operation {
		return huma.Operation{Summary: summary, Tags: []string{"people"}, DefaultStatus: status}
	}
	handle(s, "GET", people, about("The people of the own branch", 0), s.listPeople)
	handle(s, "POST", people, about("Add a person", http.StatusCreated), s.addPerson)
	handle(s, "POST", people+"/{id}/disable", about("Bar a person from signing in", 0), s.disablePerson)
	handle(s, "POST", people+"/{id}/password", about("Give a person a new one-time password", 0), s.resetPassword)
	handle(s, "GET", orgs, about("The own branch of the organisation", 0), s.listOrgs)
	handle(s, "POST", orgs, about("Add a node to the organisation", http.StatusCreated), s.addOrg)
}

func (s *Server) listPeople(ctx context.Context, _ *struct{}) (*peopleOutput, error) {
	people, err := auth.People(ctx, s.deps.DB.Pool, who(ctx).OrgPath)
	if err != nil {
		return nil, err
	}
	out := new(peopleOutput)
	out.Body.People = make([]PersonView, 0, len(people))
	for _, p := range people {
		out.Body.People = append(out.Body.People, personView(p))
	}
	return out, nil
}

func (s *Server) listOrgs(ctx context.Context, _ *struct{}) (*orgsOutput, error) {
	orgs, err := auth.Orgs(ctx, s.deps.DB.Pool, who(ctx).OrgPath)
	if err != nil {
		return nil, err
	}
	out := new(orgsOutput)
	out.Body.Orgs = make([]OrgView, 0, len(orgs))
	for _, o := range orgs {
		out.Body.Orgs = append(out.Body.Orgs, orgView(o))
	}
	return out, nil
}

func (s *Server) addPerson(ctx context.Context, in *personInput) (*secretOutput, error) {
	body, err := command(ctx, s, in.Key, "POST /people", in.Body, func(ctx context.Context, tx *pg.Tx) (PersonSecret, error) {
		if _, err := orgInScope(ctx, tx, in.Body.OrgID); err != nil {
			return PersonSecret{}, err
		}
		if in.Body.UnitID != 0 {
			path, err := auth.UnitOrgPath(ctx, tx, in.Body.UnitID)
			if err != nil {
				return PersonSecret{}, err
			}
			if !who(ctx).InScope(path) {
				return PersonSecret{}, auth.ErrOutOfScope
			}
		}
		secret, hash, err := s.newSecret(ctx)
		if err != nil {
			return PersonSecret{}, err
		}
		p, err := auth.CreatePerson(ctx, tx, auth.Person{
			Login: in.Body.Login, Name: in.Body.Name, Role: auth.Role(in.Body.Role),
			OrgID: in.Body.OrgID, UnitID: in.Body.UnitID, MustChange: true,
		}, hash)
		if err != nil {
			return PersonSecret{}, err
		}
		return PersonSecret{Person: personView(p), Secret: secret}, recordPerson(ctx, tx, "person.added", p)
	})
	if err != nil {
		return nil, err
	}
	return &secretOutput{Body: body}, nil
}

func (s *Server) disablePerson(ctx context.Context, in *personIDInput) (*personOutput, error) {
	body, err := command(ctx, s, in.Key, "POST /people/{id}/disable", in.ID, func(ctx context.Context, tx *pg.Tx) (PersonView, error) {
		if in.ID == who(ctx).PersonID {
			return PersonView{}, invalid{"path.id", text{"不能停用自己的账号。", "You cannot disable yourself."}}
		}
		if _, err := personInScope(ctx, tx, in.ID); err != nil {
			return PersonView{}, err
		}
		if err := auth.Disable(ctx, tx, in.ID); err != nil {
			return PersonView{}, err
		}
		p, err := auth.PersonByID(ctx, tx, in.ID)
		if err != nil {
			return PersonView{}, err
		}
		return personView(p), recordPerson(ctx, tx, "person.disabled", p)
	})
	if err != nil {
		return nil, err
	}
	return &personOutput{Body: body}, nil
}

func (s *Server) resetPassword(ctx context.Context, in *personIDInput) (*secretOutput, error) {
	body, err := command(ctx, s, in.Key, "POST /people/{id}/password", in.ID, func(ctx context.Context, tx *pg.Tx) (PersonSecret, error) {
		p, err := personInScope(ctx, tx, in.ID)
		if err != nil {
			return PersonSecret{}, err
		}
		secret, hash, err := s.newSecret(ctx)
		if err != nil {
			return PersonSecret{}, err
		}
		p.MustChange = true
		if err := auth.SetPassword(ctx, tx, p.ID, hash, true); err != nil {
			return PersonSecret{}, err
		}
		return PersonSecret{Person: personView(p), Secret: secret}, recordPerson(ctx, tx, "person.password_reset", p)
	})
	if err != nil {
		return nil, err
	}
	return &secretOutput{Body: body}, nil
}

func (s *Server) addOrg(ctx context.Context, in *orgInput) (*orgOutput, error) {
	body, err := command(ctx, s, in.Key, "POST /orgs", in.Body, func(ctx context.Context, tx *pg.Tx) (OrgView, error) {
		if _, err := orgInScope(ctx, tx, in.Body.ParentID); err != nil {
			return OrgView{}, err
		}
		o, err := auth.CreateOrg(ctx, tx, auth.Org{
			ParentID: in.Body.ParentID, Level: in.Body.Level, Code: in.Body.Code, Name: in.Body.Name,
		})
		return orgView(o), err
	})
	if err != nil {
		return nil, err
	}
	return &orgOutput{Body: body}, nil
}

// recordPerson writes into the event log what an administrator did to a person.
func recordPerson(ctx context.Context, tx *pg.Tx, what string, p auth.Person) error {
	return ticket.Record(tx, ticket.Actor{ID: who(ctx).Actor()}, what, 0, 0,
		ticket.Data{"person_id": p.ID, "role": p.Role, "org_id": p.OrgID})
}

// newSecret makes a one-time password and its hash.
func (s *Server) newSecret(ctx context.Context) (secret, hash string, err error) {
	secret = auth.NewSecret()
	hash, err = s.deps.Passwords.Hash(ctx, secret)
	return secret, hash, err
}

// orgInScope reads an organisation of the caller's branch, or fails with
// auth.ErrOutOfScope.
func orgInScope(ctx context.Context, tx *pg.Tx, id int64) (auth.Org, error) {
	o, err := auth.OrgByID(ctx, tx, id)
	if err != nil {
		return auth.Org{}, err
	}
	if !who(ctx).InScope(o.Path) {
		return auth.Org{}, fmt.Errorf("organisation %d: %w", id, auth.ErrOutOfScope)
	}
	return o, nil
}

// personInScope reads a person of the caller's branch, or fails with
// auth.ErrOutOfScope.
func personInScope(ctx context.Context, tx *pg.Tx, id int64) (auth.Person, error) {
	p, err := auth.PersonByID(ctx, tx, id)
	if err != nil {
		return auth.Person{}, err
	}
	_, err = orgInScope(ctx, tx, p.OrgID)
	return p, err
}
