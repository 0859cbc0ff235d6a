package pg

import (
	"context"
	"database/sql/driver"
	"encoding/hex"
	"fmt"
	"reflect"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/paulmach/orb"
	orbewkb "github.com/paulmach/orb/encoding/ewkb"
	"github.com/twpayne/go-geom"
	"github.com/twpayne/go-geom/encoding/ewkb"
)

// srid is EPSG's number of WGS-84, longitude and latitude in degrees.
const srid = 4326

// geometryCodec carries geometries as EWKB, binary or in hexadecimal text.
// orb holds what has two dimensions; go-geom also holds Z and M, as the
// LINESTRING M of a track needs.
type geometryCodec struct{}

func (geometryCodec) FormatSupported(format int16) bool {
	return format == pgtype.BinaryFormatCode || format == pgtype.TextFormatCode
}

func (geometryCodec) PreferredFormat() int16 { return pgtype.BinaryFormatCode }

func (geometryCodec) PlanEncode(_ *pgtype.Map, _ uint32, format int16, value any) pgtype.EncodePlan {
	switch value.(type) {
	case orb.Geometry, geom.T:
		return encodeGeometry{format}
	}
	return nil
}

type encodeGeometry struct{ format int16 }

func (e encodeGeometry) Encode(value any, buf []byte) ([]byte, error) {
	data, err := marshalGeometry(value)
	if err != nil || data == nil {
		return nil, err
	}
	if e.format == pgtype.TextFormatCode {
		return hex.AppendEncode(buf, data), nil
	}
	return append(buf, data...), nil
}

// marshalGeometry returns nil for a nil pointer, slice or interface: NULL.
func marshalGeometry(value any) ([]byte, error) {
	if v := reflect.ValueOf(value); (v.Kind() == reflect.Slice || v.Kind() == reflect.Pointer) && v.IsNil() {
		return nil, nil
	}
	switch g := value.(type) {
	case orb.Geometry:
		return orbewkb.Marshal(g, srid)
	case geom.T:
		if g.SRID() != 0 && g.SRID() != srid {
			return nil, fmt.Errorf("geometry has SRID %d, want %d", g.SRID(), srid)
		}
		return marshalGeom(g)
	}
	return nil, fmt.Errorf("cannot encode %T as geometry", value)
}

func (geometryCodec) PlanScan(_ *pgtype.Map, _ uint32, format int16, target any) pgtype.ScanPlan {
	switch target.(type) {
	case *orb.Geometry, *orb.Point, *orb.MultiPoint, *orb.LineString, *orb.MultiLineString,
		*orb.Polygon, *orb.MultiPolygon, *orb.Collection,
		*geom.T, *geom.Point, *geom.LineString, *geom.Polygon,
		*geom.MultiPoint, *geom.MultiLineString, *geom.MultiPolygon:
		return scanGeometry{format}
	}
	return nil
}

type scanGeometry struct{ format int16 }

func (s scanGeometry) Scan(src []byte, target any) error {
	if src == nil {
		return setNull(target)
	}
	data, err := binaryGeometry(src, s.format)
	if err != nil {
		return err
	}
	var got any
	switch target.(type) {
	case *geom.T, *geom.Point, *geom.LineString, *geom.Polygon, *geom.MultiPoint, *geom.MultiLineString, *geom.MultiPolygon:
		got, err = unmarshalGeom(data)
	default:
		got, err = unmarshalOrb(data)
	}
	if err != nil {
		return err
	}
	return assign(target, got)
}

// setNull stores NULL in a target that can hold it: an interface or a slice.
func setNull(target any) error {
	v := reflect.ValueOf(target).Elem()
	if v.Kind() != reflect.Interface && v.Kind() != reflect.Slice {
		return fmt.Errorf("cannot scan NULL into %T", target)
	}
	v.SetZero()
	return nil
}

// assign stores got in *target. go-geom's values are pointers: their content is
// copied when the target is the plain structure.
func assign(target, got any) error {
	to, from := reflect.ValueOf(target).Elem(), reflect.ValueOf(got)
	if !from.Type().AssignableTo(to.Type()) && from.Kind() == reflect.Pointer {
		from = from.Elem()
	}
	if !from.Type().AssignableTo(to.Type()) {
		return fmt.Errorf("cannot scan a geometry of type %T into %T", got, target)
	}
	to.Set(from)
	return nil
}

func (geometryCodec) DecodeDatabaseSQLValue(_ *pgtype.Map, _ uint32, format int16, src []byte) (driver.Value, error) {
	if src == nil || format == pgtype.TextFormatCode {
		return string(src), nil
	}
	return hex.EncodeToString(src), nil
}

// DecodeValue gives an orb.Geometry when there are two dimensions, otherwise a
// geom.T.
func (geometryCodec) DecodeValue(_ *pgtype.Map, _ uint32, format int16, src []byte) (any, error) {
	if src == nil {
		return nil, nil
	}
	data, err := binaryGeometry(src, format)
	if err != nil {
		return nil, err
	}
	g, err := unmarshalGeom(data)
	if err != nil {
		return nil, err
	}
	if g.Layout() != geom.XY {
		return g, nil
	}
	return unmarshalOrb(data)
}

func binaryGeometry(src []byte, format int16) ([]byte, error) {
	if format == pgtype.BinaryFormatCode {
		return src, nil
	}
	return hex.AppendDecode(nil, src)
}

func unmarshalOrb(data []byte) (orb.Geometry, error) {
	g, id, err := orbewkb.Unmarshal(data)
	if err != nil {
		return nil, fmt.Errorf("geometry: %w", err)
	}
	return g, checkSRID(id)
}

func unmarshalGeom(data []byte) (geom.T, error) {
	g, err := ewkb.Unmarshal(data)
	if err != nil {
		return nil, fmt.Errorf("geometry: %w", err)
	}
	return g, checkSRID(g.SRID())
}

func checkSRID(id int) error {
	if id != 0 && id != srid {
		return fmt.Errorf("geometry has SRID %d, want %d", id, srid)
	}
	return nil
}

func marshalGeom(g geom.T) ([]byte, error) {
	data, err := ewkb.Marshal(g, ewkb.NDR)
	if err != nil || g.SRID() == srid {
		return data, err
	}
	// No SRID given means WGS-84. Set the flag and insert the number rather
	// than change the caller's value: byte order, type, SRID, the rest.
	out := make([]byte, 0, len(data)+4)
	out = append(out, data[:4]...)
	out = append(out, data[4]|0x20)
	out = append(out, srid&0xff, srid>>8, 0, 0)
	return append(out, data[5:]...), nil
}

// geometryOIDs remembers the type numbers of one database, which differ from
// one database to the next.
type geometryOIDs struct {
	mu    sync.Mutex
	types map[string]uint32
}

// register teaches conn the geometry types. Without the extension, before the
// migrations have run, it does nothing.
func (o *geometryOIDs) register(ctx context.Context, conn *pgx.Conn) error {
	types, err := o.load(ctx, conn)
	if err != nil {
		return fmt.Errorf("look up the geometry types: %w", err)
	}
	m := conn.TypeMap()
	for name, oid := range types {
		m.RegisterType(&pgtype.Type{Name: name, OID: oid, Codec: geometryCodec{}})
	}
	// Without this an orb.Point, a [2]float64, would be sent as an array.
	for _, v := range []any{
		orb.Point{},
		orb.MultiPoint{},
		orb.LineString{},
		orb.MultiLineString{},
		orb.Ring{},
		orb.Polygon{},
		orb.MultiPolygon{},
		orb.Collection{},
		orb.Bound{},
		&geom.Point{}, &geom.LineString{}, &geom.Polygon{}, &geom.MultiPoint{}, &geom.MultiLineString{}, &geom.MultiPolygon{},
	} {
		if len(types) > 0 {
			m.RegisterDefaultPgType(v, "geometry")
		}
	}
	return nil
}

func (o *geometryOIDs) load(ctx context.Context, conn *pgx.Conn) (map[string]uint32, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.types != nil {
		return o.types, nil
	}
	rows, err := conn.Query(ctx, `
		SELECT t.typname, t.oid
		FROM pg_type t
		JOIN pg_depend d ON d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'
		JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
		WHERE e.extname = 'postgis' AND t.typname IN ('geometry', 'geography')`)
	if err != nil {
		return nil, err
	}
	found := make(map[string]uint32)
	var name string
	var oid uint32
	_, err = pgx.ForEachRow(rows, []any{&name, &oid}, func() error {
		found[name] = oid
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(found) > 0 {
		o.types = found
	}
	return found, nil
}

var _ pgtype.Codec = geometryCodec{}
