package road

import (
	"fmt"
	"strconv"
	"strings"
)

// Class is the kind of a road, by the tag highway.
type Class uint8

// The classes that cars use. A link leads to a road of the class that it is named for.
const (
	Motorway Class = iota
	Trunk
	Primary
	Secondary
	Tertiary
	Unclassified
	Residential
	LivingStreet
	ServiceRoad
	Road // nobody has said yet what it is
	MotorwayLink
	TrunkLink
	PrimaryLink
	SecondaryLink
	TertiaryLink
	classes int = iota
)

var classNames = [classes]string{
	"motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential", "living_street", "service",
	"road", "motorway_link", "trunk_link", "primary_link", "secondary_link", "tertiary_link",
}

// String is the value of the tag highway.
func (c Class) String() string { return classNames[c] }

// ParseClass is false for what cars do not drive on.
func ParseClass(highway string) (Class, bool) {
	for i, name := range classNames {
		if name == highway {
			return Class(i), true
		}
	}
	return 0, false
}

// Profile says how fast a car is.
type Profile struct {
	Name string
	Kmh  [classes]float64 // by class, on a free road
	// Limits: the tag maxspeed decides where it is; a car drives at LimitShare of it.
	Limits     bool
	LimitShare float64
	// Turns: restrictions of turns count. They are part of the Graph, not of the Metric.
	Turns bool
	// Hours is the share of the free speed that is left at each hour of the day, local time: on motorways and trunk
	// roads, and on all others.
	Hours [2][24]float64
}

var freeFlow = [classes]float64{
	Motorway: 90, Trunk: 70, Primary: 55, Secondary: 50, Tertiary: 40, Unclassified: 35, Residential: 30, LivingStreet: 15,
	ServiceRoad: 20, Road: 30, MotorwayLink: 50, TrunkLink: 45, PrimaryLink: 40, SecondaryLink: 40, TertiaryLink: 35,
}

var allDay = [2][24]float64{
	{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
	{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
}

// CarBasicV1 is the profile that figures are compared in: a speed per class, nothing else.
func CarBasicV1() Profile {
	return Profile{Name: "car-basic-v1", Kmh: freeFlow, Hours: allDay}
}

// CarDutyV1 is the profile of the service: limits and turn restrictions count, and the rush hours of a Chinese city slow
// the car down. What is left of the difference to a real place is learned (Factors).
func CarDutyV1() Profile {
	return Profile{
		Name: "car-duty-v1", Kmh: freeFlow, Limits: true, LimitShare: 0.9, Turns: true,
		Hours: [2][24]float64{
			{1, 1, 1, 1, 1, 1, 1, 0.85, 0.8, 0.85, 0.9, 0.95, 0.95, 0.95, 0.95, 0.95, 0.9, 0.8, 0.75, 0.85, 0.95, 1, 1, 1},
			{1, 1, 1, 1, 1, 1, 0.95, 0.75, 0.65, 0.7, 0.75, 0.75, 0.8, 0.8, 0.75, 0.75, 0.75, 0.65, 0.6, 0.7, 0.8, 0.9, 0.95, 1},
		},
	}
}

// ParseProfile knows the profiles by their names.
func ParseProfile(name string) (Profile, error) {
	for _, p := range []Profile{CarBasicV1(), CarDutyV1()} {
		if p.Name == name {
			return p, nil
		}
	}
	return Profile{}, fmt.Errorf("unknown profile %q: choose car-basic-v1 or car-duty-v1", name)
}

// SpeedKmh is the speed on a road of a class at an hour, 0 to 23; limitKmh is 0 where there is none.
func (p Profile) SpeedKmh(c Class, limitKmh float64, hour int) float64 {
	free := p.Kmh[c]
	if p.Limits && limitKmh > 0 {
		free = limitKmh * p.LimitShare
	}
	kind := 1
	if c == Motorway || c == Trunk {
		kind = 0
	}
	return free * p.Hours[kind][hour]
}

// parseLimit reads the tag maxspeed; 0 when it names no plausible number.
func parseLimit(tag string) float64 {
	number, unit, _ := strings.Cut(strings.TrimSpace(tag), " ")
	factor := 1.0
	if rest, ok := strings.CutSuffix(number, "mph"); ok || unit == "mph" {
		number, factor = rest, 1.609344
	}
	v, err := strconv.ParseFloat(number, 64)
	if err != nil || !(v*factor >= 5 && v*factor <= 140) {
		return 0
	}
	return v * factor
}
