package dispatch

import (
	"strings"

	"jiujin/geo/area"
)

// Territory says how a unit stands to those who are responsible for the place of a case (domain C5, J09).
type Territory string

// The territories. Of several organisations that are responsible the nearest to the unit counts.
const (
	TerritoryNobody      Territory = ""             // no responsibility area holds the place or is beside it
	TerritoryOwn         Territory = "own"          // the unit's squad is responsible
	TerritoryOther       Territory = "other"        // another squad of its county is
	TerritoryOtherCounty Territory = "other_county" // nobody of its county is
)

// BorderMargin is how near to a place the border of an area may be for its squad to count as responsible too: beside a
// border both squads are at home.
const BorderMargin = area.DefaultMargin

// farBorder is how many times the border of another squad the border of another county costs.
const farBorder = 4

// cost is what a unit of the territory must be sooner by, in minutes, to rank level with one of the responsible squad.
func (t Territory) cost(p Policy) float64 {
	switch t {
	case TerritoryOther:
		return float64(p.BorderMin)
	case TerritoryOtherCounty:
		return float64(farBorder * p.BorderMin)
	}
	return 0
}

func territory(responsible []area.Body, u Facts) Territory {
	if len(responsible) == 0 {
		return TerritoryNobody
	}
	found := TerritoryOtherCounty
	for _, b := range responsible {
		if strings.HasPrefix(u.OrgPath, b.Path) {
			return TerritoryOwn
		}
		if u.CountyID == b.CountyID {
			found = TerritoryOther
		}
	}
	return found
}
