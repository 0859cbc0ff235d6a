package main

import (
	"context"
	"errors"
	"time"

	"jiujin/geo/retailer"
	"jiujin/internal/app"
	"jiujin/internal/pg"
)

type cartonCmd struct {
	Code     string `arg:"" help:"The 32 characters on a carton, in one row or two."`
	Licence  string `help:"Of the shop in which the carton is, to compare with."`
	Register bool   `help:"Also look the buyer up in the register."`
}

// cartonAnswer is what `jiujin carton` prints.
type cartonAnswer struct {
	Result    retailer.Verdict `json:"result"`
	Error     string           `json:"error,omitempty"`
	Code      string           `json:"code,omitempty"`
	SortedOn  string           `json:"sorted_on,omitempty"`
	Case      string           `json:"case,omitempty"`
	Order     int              `json:"order,omitempty"`
	Company   string           `json:"company,omitempty"`
	LicenceNo string           `json:"licence_no,omitempty"`
	Area      string           `json:"area,omitempty"`   // that issued the buyer's licence
	Holder    string           `json:"holder,omitempty"` // individual, organisation
	Mended    bool             `json:"mended"`
	Name      string           `json:"name,omitempty"` // of the buyer
}

// Run prints what a carton's code says as JSON.
func (c *cartonCmd) Run(ctx context.Context, cfg *app.Config) error {
	carton, err := retailer.ParseCarton(c.Code, time.Now())
	if err != nil {
		return printFigures(cartonAnswer{Result: retailer.CartonMalformed, Error: err.Error()})
	}
	var shop retailer.LicenceNo
	if c.Licence != "" {
		if shop, err = retailer.ParseLicenceNo(c.Licence); err != nil {
			return err
		}
	}
	a := cartonAnswer{
		Code: carton.Code, SortedOn: carton.SortedOn.Format(time.DateOnly), Case: carton.Case, Order: carton.Order, Company: carton.Company,
		LicenceNo: string(carton.LicenceNo), Area: carton.LicenceNo.Area(), Holder: string(carton.LicenceNo.Holder()), Mended: carton.Mended,
	}
	if !c.Register {
		a.Result = carton.Judge(shop, nil)
		return printFigures(a)
	}
	return app.BesideServer(ctx, *cfg, cfg.Logger(), func(ctx context.Context, db *pg.DB) error {
		buyer, err := retailer.ByLicence(ctx, db.Pool, carton.LicenceNo)
		if err != nil && !errors.Is(err, retailer.ErrNotFound) {
			return err
		}
		known := err == nil
		a.Result, a.Name = carton.Judge(shop, &known), buyer.Name
		return printFigures(a)
	})
}
