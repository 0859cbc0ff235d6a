package retailer

import "time"

// Record is all that the register knows of a licence (domain A6). Dates are
// days at 00:00 UTC, the zero time when not known; texts are "" when not known.
type Record struct {
	Retailer
	Source string // the list that has the licence; "" for one of no list
	// GoneOn is the day of the delivery that lacked the licence; the zero time
	// while its list has it.
	GoneOn          time.Time
	USCC            string // 统一社会信用代码
	Tier            string // 档位
	MarketType      string // urban or rural
	GridUnit        string // 市场单元
	Squad           string // 管辖中队, as the list names it
	MarketOfficer   string // 市管员, by the list's number or name
	CustomerManager string
	DeliveryRoute   string
	Scope           string // 许可范围
	Supplier        string
	Issuer          string
	IssuedOn        time.Time
	SchoolM         *float64 // metres to the nearest school; nil when not known
	RiskScore       *float64
	LastInspectedOn time.Time
	Replaces        string            // the number of the licence before a move
	GeoQuality      GeoQuality        // "" without a point
	GeoVerifiedOn   time.Time         // the day on which somebody was in front of the shop, in China; the zero time when nobody was
	Extra           map[string]string // further columns of its list, by heading
	CreatedAt       time.Time
}
