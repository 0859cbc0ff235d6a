package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/paulmach/orb"

	"jiujin/dispatch"
	"jiujin/geo/basemap"
	"jiujin/geo/datum"
	"jiujin/geo/retailer"
	"jiujin/geo/road"
	"jiujin/internal/auth"
	"jiujin/internal/pg"
	"jiujin/internal/town"
	"jiujin/ticket"
	"jiujin/tracking"
)

// DemoCredentials is what a demo prints and what the simulator reads: every login of the demo town and every device
// key. The file is readable by its owner only and exists for made-up people alone.
type DemoCredentials struct {
	Seed     uint64       `json:"seed"`
	Counties int          `json:"counties"`
	Password string       `json:"password"` // one for all demo users
	Users    []DemoUser   `json:"users"`
	Devices  []DemoDevice `json:"devices"`
}

// DemoUser is somebody who can sign in to the demo.
type DemoUser struct {
	Login string `json:"login"`
	Name  string `json:"name"`
	Role  string `json:"role"`
	Unit  string `json:"unit,omitempty"` // call sign of an officer's unit
}

// DemoDevice is the vehicle unit of one demo vehicle; Index counts the town's units.
type DemoDevice struct {
	UnitID   int64  `json:"unit_id"`
	CallSign string `json:"call_sign"`
	Index    int    `json:"index"`
	Key      string `json:"key"`
	// Rostered vehicles are on duty every day; the others show what off shift looks like.
	Rostered bool `json:"rostered"`
}

// Demo runs the service on the demo town. The first start draws the town into an empty database; later starts keep
// what is there and only put the crews on duty for the coming days. A data folder that holds another town than the
// one asked for is an error that says how to start anew.
func Demo(ctx context.Context, cfg Config, town town.Options, opts Options, log *slog.Logger, ready func(Running, DemoCredentials)) error {
	opts.Demo = true
	creds, stored, err := storedTown(cfg)
	if err != nil {
		return fmt.Errorf("demo town: %w", err)
	}
	if asked := max(town.Counties, 1); stored && (creds.Seed != town.Seed || creds.Counties != asked) {
		return fmt.Errorf("demo town: %s holds the town of --seed %d --counties %d, not that of --seed %d --counties %d: "+
			"start with the former to go on with it, name another folder with --data-dir for a new town, or remove this folder to lose the old one",
			cfg.DataDir, creds.Seed, creds.Counties, town.Seed, asked)
	}
	opts.Ready = func(r Running) { ready(r, creds) }
	return serve(ctx, cfg, opts, log, func(ctx context.Context, db *pg.DB) error {
		if !stored {
			if creds, err = newTown(ctx, cfg, town, db, log); err != nil {
				return fmt.Errorf("demo town: %w", err)
			}
		}
		if err := ensureShifts(ctx, creds, db); err != nil {
			return fmt.Errorf("demo town: %w", err)
		}
		return nil
	})
}

// CredentialsFile is where a demo in this data folder keeps its logins.
func CredentialsFile(cfg Config) string { return filepath.Join(cfg.DataDir, "demo-credentials.json") }

// storedTown reads the logins of the town in the data folder; false when there is none yet.
func storedTown(cfg Config) (DemoCredentials, bool, error) {
	var creds DemoCredentials
	text, err := os.ReadFile(CredentialsFile(cfg))
	if errors.Is(err, fs.ErrNotExist) {
		return creds, false, nil
	}
	if err != nil {
		return creds, false, err
	}
	if err := json.Unmarshal(text, &creds); err != nil {
		return creds, false, fmt.Errorf("%s: %w", CredentialsFile(cfg), err)
	}
	return creds, true, nil
}

// newTown draws the town and keeps its logins.
func newTown(ctx context.Context, cfg Config, opts town.Options, db *pg.DB, log *slog.Logger) (DemoCredentials, error) {
	creds, err := drawTown(ctx, opts, db, log)
	if err != nil {
		return creds, err
	}
	text, err := json.MarshalIndent(creds, "", " ")
	if err != nil {
		return creds, err
	}
	return creds, os.WriteFile(CredentialsFile(cfg), text, 0o600)
}

// drawTown fills an empty database with the town, in one transaction: a start that is cut short leaves nothing.
func drawTown(ctx context.Context, opts town.Options, db *pg.DB, log *slog.Logger) (DemoCredentials, error) {
	begin := time.Now()
	opts.Date = db.Now()
	t := town.Generate(opts)
	passwords, err := auth.NewPasswords(auth.DefaultCost(), 2)
	if err != nil {
		return DemoCredentials{}, err
	}
	creds := DemoCredentials{Seed: t.Options.Seed, Counties: t.Options.Counties, Password: "demo-" + auth.NewSecret()[:8]}
	hash, err := passwords.Hash(ctx, creds.Password)
	if err != nil {
		return creds, err
	}
	err = db.InTx(ctx, func(tx *pg.Tx) error {
		creds.Users, creds.Devices = nil, nil
		d := drawing{t: t, tx: tx, hash: hash, creds: &creds, service: &dispatch.Service{DB: db, Positions: tracking.NewStore()}}
		for _, step := range []func(context.Context) error{d.orgs, d.areas, d.units, d.people, d.retailers, d.basemap, d.roads} {
			if err := step(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		log.Info("demo town drawn", "retailers", len(t.Retailers), "units", len(t.Units), "took", time.Since(begin).Round(time.Millisecond))
	}
	return creds, err
}

// drawing carries a town into the database.
type drawing struct {
	t       *town.Town
	tx      *pg.Tx
	hash    string // of the password that all demo users share
	creds   *DemoCredentials
	service *dispatch.Service

	orgIDs  map[string]auth.Org
	unitIDs []int64
}

var orgLevels = map[int]string{
	town.LevelProvince: "province", town.LevelPrefecture: "prefecture", town.LevelCounty: "county", town.LevelSquad: "squad", town.LevelTeam: "team",
}

func (d *drawing) orgs(ctx context.Context) error {
	d.orgIDs = make(map[string]auth.Org, len(d.t.Orgs))
	for _, o := range d.t.Orgs {
		made, err := auth.CreateOrg(ctx, d.tx, auth.Org{
			ParentID: d.orgIDs[o.ParentKey].ID, Level: orgLevels[o.Level], Code: o.Code, Name: o.Name,
		})
		if err != nil {
			return fmt.Errorf("organisation %s: %w", o.Name, err)
		}
		d.orgIDs[o.Key] = made
	}
	return nil
}

func (d *drawing) units(ctx context.Context) error {
	for i, u := range d.t.Units {
		id, err := d.service.AddUnit(ctx, d.tx, ticket.Engine, dispatch.NewUnit{
			CallSign: u.CallSign, OrgID: d.orgIDs[u.Team].ID, Plate: u.Plate, Crew: max(len(u.Crew), 1),
		})
		if err != nil {
			return err
		}
		_, key, err := d.service.AddDevice(ctx, d.tx, ticket.Engine, tracking.Device{UnitID: id, Label: "车载终端", Datum: datum.WGS84})
		if err != nil {
			return err
		}
		if u.InRepair {
			if err := d.service.SetService(ctx, d.tx, ticket.Engine, id, false, "车辆保养"); err != nil {
				return err
			}
		}
		d.unitIDs = append(d.unitIDs, id)
		d.creds.Devices = append(d.creds.Devices, DemoDevice{UnitID: id, CallSign: u.CallSign, Index: i, Key: key, Rostered: !u.OffShift})
	}
	return nil
}

func (d *drawing) people(ctx context.Context) error {
	admin := auth.Person{Login: auth.FirstLogin, Name: "系统管理员", Role: auth.Administrator, OrgID: d.orgIDs[d.t.Orgs[0].Key].ID}
	if err := d.person(ctx, admin, ""); err != nil {
		return err
	}
	for _, u := range d.t.Users {
		p := auth.Person{Login: u.Login, Name: u.Name, Role: auth.Role(u.Role), OrgID: d.orgIDs[u.Org].ID}
		callSign := ""
		if u.Unit >= 0 {
			p.UnitID, callSign = d.unitIDs[u.Unit], d.t.Units[u.Unit].CallSign
		}
		if err := d.person(ctx, p, callSign); err != nil {
			return err
		}
	}
	return nil
}

func (d *drawing) person(ctx context.Context, p auth.Person, callSign string) error {
	if _, err := auth.CreatePerson(ctx, d.tx, p, d.hash); err != nil {
		return fmt.Errorf("person %s: %w", p.Login, err)
	}
	d.creds.Users = append(d.creds.Users, DemoUser{Login: p.Login, Name: p.Name, Role: string(p.Role), Unit: callSign})
	return nil
}

func (d *drawing) retailers(ctx context.Context) error {
	list := make([]retailer.Retailer, len(d.t.Retailers))
	for i, r := range d.t.Retailers {
		no, err := retailer.ParseLicenceNo(r.LicenceNo)
		if err != nil {
			return fmt.Errorf("retailer %s: %w", r.Name, err)
		}
		status, err := retailer.ParseStatus(r.Status)
		if err != nil {
			return fmt.Errorf("retailer %s: %w", r.Name, err)
		}
		form, err := retailer.ParseForm(r.BusinessForm)
		if err != nil {
			return fmt.Errorf("retailer %s: %w", r.Name, err)
		}
		point := r.Point
		list[i] = retailer.Retailer{
			LicenceNo: no, Name: r.Name, Operator: r.Operator, Address: r.Address, PhoneTail: r.PhoneTail,
			Form: form, Status: status, ValidFrom: r.ValidFrom, ValidTo: r.ValidTo, DivisionCode: r.Division,
			Point: &point, SourceDatum: datum.WGS84,
		}
	}
	for len(list) > 0 {
		n := min(len(list), 2000)
		if _, err := retailer.Save(ctx, d.tx, list[:n]); err != nil {
			return err
		}
		list = list[n:]
	}
	return nil
}

func (d *drawing) basemap(ctx context.Context) error {
	features := d.t.Features()
	list := make([]basemap.Feature, len(features))
	for i, f := range features {
		list[i] = basemap.Feature{Layer: basemap.Layer(f.Layer), Class: f.Class, Name: f.Name, MinZoom: f.MinZoom, Geometry: f.Geometry}
	}
	_, err := basemap.Replace(ctx, d.tx, basemap.Info{
		Name: "云江县", Source: "示意数据，虚构城市", Fictional: true, Bounds: d.t.Bounds,
	}, list)
	return err
}

// roads makes the town's streets the road graph. Each edge of the town is a way of its own.
func (d *drawing) roads(ctx context.Context) error {
	net := road.Net{Points: map[int64]orb.Point{}}
	streets := d.t.Graph
	for i, p := range streets.Nodes {
		net.Points[int64(i)+1] = p
	}
	between := int64(len(streets.Nodes)) // ids of the points within edges follow those of the nodes
	for i, e := range streets.Edges {
		class, _ := road.ParseClass(e.Class.String())
		w := road.Way{ID: int64(i) + 1, Class: class, Name: streets.Roads[e.Road].Name, Nodes: []int64{int64(e.From) + 1}}
		for _, p := range e.Line[1 : len(e.Line)-1] {
			between++
			net.Points[between] = p
			w.Nodes = append(w.Nodes, between)
		}
		w.Nodes = append(w.Nodes, int64(e.To)+1)
		net.Ways = append(net.Ways, w)
	}
	graph, err := road.Build(net)
	if err != nil {
		return fmt.Errorf("roads: %w", err)
	}
	return road.Save(ctx, d.tx, graph, "示意数据，虚构城市")
}

// ensureShifts puts every rostered unit on duty for the coming week, in shifts of 12 hours from
// 08:00 and 20:00, where it has no shift yet.
func ensureShifts(ctx context.Context, creds DemoCredentials, db *pg.DB) error {
	const length = 12 * time.Hour
	service := &dispatch.Service{DB: db, Positions: tracking.NewStore()}
	first := db.Now().UTC().Truncate(length) // 00:00 and 12:00 UTC are 08:00 and 20:00 in Shanghai
	return db.InTx(ctx, func(tx *pg.Tx) error {
		have, err := dispatch.Shifts(ctx, tx, "", first, first.Add(7*24*time.Hour))
		if err != nil {
			return err
		}
		until := map[int64]time.Time{}
		for _, s := range have {
			if s.To.After(until[s.UnitID]) {
				until[s.UnitID] = s.To
			}
		}
		for _, d := range creds.Devices {
			if !d.Rostered {
				continue
			}
			for from := first; from.Before(first.Add(7 * 24 * time.Hour)); from = from.Add(length) {
				if from.Before(until[d.UnitID]) {
					continue
				}
				if _, err := service.AddShift(ctx, tx, ticket.Engine, dispatch.Shift{UnitID: d.UnitID, From: from, To: from.Add(length)}); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
