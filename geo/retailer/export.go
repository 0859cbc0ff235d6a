package retailer

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"jiujin/geo/datum"
	"jiujin/geo/xlsx"
	"jiujin/internal/pg"
)

// Format is the format of an export.
type Format string

// The formats of an export. CSV is UTF-8 with a byte order mark, so that spreadsheets read it.
const (
	CSV     Format = "csv"
	XLSX    Format = "xlsx"
	GeoJSON Format = "geojson"
)

// ErrFormat says that a text names no Format.
var ErrFormat = errors.New("unknown format; use csv, xlsx or geojson")

// exportColumns are those of an export; an import finds them again by these headings.
var exportColumns = [...]field{
	fLicence, fName, fOperator, fAddress, fPhone, fForm, fStatus, fValidFrom, fValidTo, fLon, fLat, fDivision,
	fUSCC, fTier, fMarketType, fGridUnit, fSquad, fMarketOfficer, fCustomerManager, fDeliveryRoute, fScope, fSupplier,
	fIssuer, fIssuedOn, fSchool, fRisk, fInspected, fReplaces, fGeoQuality,
}

// Export writes the selected records in the order of their numbers, points in datum d. What it writes in WGS-84 an
// import reads back as the same. In CSV a text that a spreadsheet would take for a formula gets an apostrophe in front.
func Export(ctx context.Context, q pg.Queryer, w io.Writer, format Format, d datum.Datum, s Selection) error {
	switch format {
	case CSV:
		return exportCSV(ctx, q, w, d, s)
	case XLSX:
		return exportXLSX(ctx, q, w, d, s)
	case GeoJSON:
		return exportGeoJSON(ctx, q, w, d, s)
	}
	return ErrFormat
}

func headings() []string {
	out := make([]string, len(exportColumns))
	for i, f := range exportColumns {
		out[i], _, _ = strings.Cut(heads[f].synonyms, " ")
	}
	return out
}

func exportCSV(ctx context.Context, q pg.Queryer, w io.Writer, d datum.Datum, s Selection) error {
	if _, err := io.WriteString(w, utf8BOM); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	if err := out.Write(headings()); err != nil {
		return err
	}
	err := each(ctx, q, s, d, func(r Record) error {
		cells := r.cells()
		for i, cell := range cells {
			cells[i] = guarded(cell)
		}
		return out.Write(cells)
	})
	out.Flush()
	return errors.Join(err, out.Error())
}

// guarded puts an apostrophe in front of a text that a spreadsheet would take for a formula; a number is none. An import
// takes it off again.
func guarded(cell string) string {
	if cell == "" || !strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return cell
	}
	if _, err := strconv.ParseFloat(cell, 64); err == nil {
		return cell
	}
	return "'" + cell
}

func exportXLSX(ctx context.Context, q pg.Queryer, w io.Writer, d datum.Datum, s Selection) error {
	out, err := xlsx.NewWriter(w)
	if err != nil {
		return err
	}
	if err := out.Write(headings()); err != nil {
		return err
	}
	err = each(ctx, q, s, d, func(r Record) error { return out.Write(r.cells()) })
	return errors.Join(err, out.Close())
}

func exportGeoJSON(ctx context.Context, q pg.Queryer, w io.Writer, d datum.Datum, s Selection) error {
	out := bufio.NewWriter(w)
	out.WriteString(`{"type":"FeatureCollection","features":[`) // a bufio.Writer keeps its error
	between := "\n"
	err := each(ctx, q, s, d, func(r Record) error {
		properties := map[string]string{}
		for i, cell := range r.cells() {
			if f := exportColumns[i]; cell != "" && f != fLon && f != fLat {
				properties[f.String()] = cell
			}
		}
		text, err := json.Marshal(properties)
		if err != nil {
			return err
		}
		geometry := "null"
		if r.Point != nil {
			geometry = fmt.Sprintf(`{"type":"Point","coordinates":[%s,%s]}`, degrees(r.Point[0]), degrees(r.Point[1]))
		}
		_, err = fmt.Fprintf(out, `%s{"type":"Feature","geometry":%s,"properties":%s}`, between, geometry, text)
		between = ",\n"
		return err
	})
	out.WriteString("\n]}\n")
	return errors.Join(err, out.Flush())
}

// cells is a record in the order of exportColumns.
func (r *Record) cells() []string {
	lon, lat := "", ""
	if r.Point != nil {
		lon, lat = degrees(r.Point[0]), degrees(r.Point[1])
	}
	return []string{
		string(r.LicenceNo), r.Name, r.Operator, r.Address, r.PhoneTail, zhOf(Forms(), string(r.Form)), zhOf(Statuses(), string(r.Status)),
		dayText(r.ValidFrom), dayText(r.ValidTo), lon, lat, r.DivisionCode, r.USCC, r.Tier,
		map[string]string{"urban": "城镇", "rural": "乡村"}[r.MarketType], r.GridUnit, r.Squad, r.MarketOfficer, r.CustomerManager,
		r.DeliveryRoute, r.Scope, r.Supplier, r.Issuer, dayText(r.IssuedOn), figure(r.SchoolM), figure(r.RiskScore),
		dayText(r.LastInspectedOn), r.Replaces, zhOf(GeoQualities(), string(r.GeoQuality)),
	}
}

func zhOf(terms []Term, code string) string {
	for _, t := range terms {
		if t.Code == code {
			return t.Zh
		}
	}
	return code
}

func dayText(day time.Time) string {
	if day.IsZero() {
		return ""
	}
	return day.Format(time.DateOnly)
}

func degrees(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func figure(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'f', -1, 64)
}
