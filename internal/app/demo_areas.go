package app

import (
	"context"
	"fmt"

	"jiujin/geo/area"
	"jiujin/internal/town"
)

// areas gives the squads what they are responsible for, and makes the town's counties and townships divisions.
func (d *drawing) areas(ctx context.Context) error {
	const source = "示意数据，虚构城市"
	var list []area.Area
	for _, o := range d.t.Orgs {
		if o.Level == town.LevelSquad {
			list = append(list, area.Area{Kind: area.Squad, OrgID: d.orgIDs[o.Key].ID, Name: o.Name + "辖区", Shape: o.Area, Source: source})
		}
	}
	for _, v := range d.t.Divisions {
		if len(v.Code) >= 6 { // the made-up province and prefecture have no code of six digits
			list = append(list, area.Area{Kind: area.Division, Code: v.Code, Name: v.Name, Shape: v.Area, Source: source})
		}
	}
	for _, a := range list {
		if _, err := area.Add(ctx, d.tx, "", a); err != nil {
			return fmt.Errorf("area %s: %w", a.Name, err)
		}
	}
	return nil
}
