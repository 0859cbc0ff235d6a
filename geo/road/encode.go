package road

import (
	"bufio"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// magic begins the binary form; its last figure grows when the form changes.
const magic = "jiujin-roads-1\n"

// errForm says that bytes are not a graph in the form that this program writes.
var errForm = errors.New("not a stored road graph of this version")

// Encode writes the graph: places and edges as differences, compressed, about 8 bytes an edge. What can be derived is
// not written.
func (g *Graph) Encode(w io.Writer) error {
	if _, err := io.WriteString(w, magic); err != nil {
		return fmt.Errorf("write road graph: %w", err)
	}
	z, err := flate.NewWriter(w, flate.BestSpeed)
	if err != nil {
		return fmt.Errorf("write road graph: %w", err)
	}
	e := encoder{w: bufio.NewWriterSize(z, 64<<10)}
	e.graph(g)
	if err := errors.Join(e.err, e.w.Flush(), z.Close()); err != nil {
		return fmt.Errorf("write road graph: %w", err)
	}
	return nil
}

type encoder struct {
	w   *bufio.Writer
	buf [binary.MaxVarintLen64]byte
	err error
}

func (e *encoder) signed(v int64) {
	if e.err == nil {
		_, e.err = e.w.Write(binary.AppendVarint(e.buf[:0], v))
	}
}

func (e *encoder) text(s string) {
	e.signed(int64(len(s)))
	if e.err == nil {
		_, e.err = e.w.WriteString(s)
	}
}

func (e *encoder) graph(g *Graph) {
	e.signed(int64(g.plain))
	e.signed(int64(len(g.orig)))
	e.signed(int64(len(g.to)))
	e.signed(int64(len(g.ways)))
	id, x, y := int64(0), int64(0), int64(0)
	for n := range g.plain {
		e.signed(g.ids[n] - id)
		e.signed(int64(g.at[n][0]) - x)
		e.signed(int64(g.at[n][1]) - y)
		id, x, y = g.ids[n], int64(g.at[n][0]), int64(g.at[n][1])
	}
	for _, n := range g.orig {
		e.signed(int64(n))
	}
	way := int64(0)
	for n := range g.ids {
		e.signed(int64(g.first[n+1] - g.first[n]))
		for i := g.first[n]; i < g.first[n+1]; i++ {
			e.signed(int64(g.to[i]) - int64(n))
			e.signed(int64(g.way[i]) - way)
			way = int64(g.way[i])
		}
	}
	id = 0
	for _, w := range g.ways {
		e.signed(w.id - id)
		e.signed(int64(w.class))
		e.signed(int64(math.Round(w.limitKmh * 10)))
		e.text(w.name)
		id = w.id
	}
}

// Decode reads what Encode wrote. Bytes that are not that are an error, never a graph that cannot be searched.
func Decode(r io.Reader) (*Graph, error) {
	head := make([]byte, len(magic))
	if _, err := io.ReadFull(r, head); err != nil || string(head) != magic {
		return nil, errForm
	}
	d := decoder{r: bufio.NewReaderSize(flate.NewReader(r), 64<<10)}
	g := d.graph()
	if d.err != nil {
		return nil, fmt.Errorf("read road graph: %w", d.err)
	}
	if err := checkGraph(g); err != nil {
		return nil, fmt.Errorf("read road graph: %w", err)
	}
	for e := range g.mm {
		g.mm[e] = millimetres(g.point(g.from[e]), g.point(g.to[e]))
	}
	g.finish()
	return g, nil
}

type decoder struct {
	r   *bufio.Reader
	err error
}

func (d *decoder) signed() int64 {
	if d.err != nil {
		return 0
	}
	v, err := binary.ReadVarint(d.r)
	d.err = err
	return v
}

// number is at least 0 and less than limit.
func (d *decoder) number(limit int64) int64 {
	v := d.signed()
	if d.err == nil && (v < 0 || v >= limit) {
		d.err = fmt.Errorf("%w: %d where less than %d is expected", errForm, v, limit)
	}
	if d.err != nil {
		return 0
	}
	return v
}

func (d *decoder) text() string {
	b := make([]byte, d.number(1<<16))
	if d.err == nil {
		_, d.err = io.ReadFull(d.r, b)
	}
	return string(b)
}

// graph reads lists element by element, so that a wrong count ends with the bytes and not with the memory.
func (d *decoder) graph() *Graph {
	g := &Graph{plain: uint32(d.number(none / 2))}
	copies, edges, ways := d.number(none/4), d.number(none), d.number(none)
	id, x, y := int64(0), int64(0), int64(0)
	for n := uint32(0); n < g.plain && d.err == nil; n++ {
		id, x, y = id+d.signed(), x+d.signed(), y+d.signed()
		if x < -1800000000 || x > 1800000000 || y < -900000000 || y > 900000000 {
			d.err = fmt.Errorf("%w: node %d lies outside of the world", errForm, id)
		}
		g.ids, g.at = append(g.ids, id), append(g.at, [2]int32{int32(x), int32(y)})
	}
	for i := int64(0); i < copies && d.err == nil; i++ {
		n := uint32(d.number(int64(g.plain)))
		if d.err == nil {
			g.orig, g.ids, g.at = append(g.orig, n), append(g.ids, g.ids[n]), append(g.at, g.at[n])
		}
	}
	way := int64(0)
	for n := int64(0); n < int64(len(g.ids)) && d.err == nil; n++ {
		for k := d.number(edges - int64(len(g.to)) + 1); k > 0 && d.err == nil; k-- {
			to := n + d.signed()
			if way += d.signed(); to < 0 || to >= int64(len(g.ids)) || way < 0 || way >= ways {
				d.err = fmt.Errorf("%w: an edge to node %d on way %d", errForm, to, way)
			}
			g.from, g.to, g.way, g.mm = append(g.from, uint32(n)), append(g.to, uint32(to)), append(g.way, uint32(way)), append(g.mm, 0)
		}
	}
	id = 0
	for i := int64(0); i < ways && d.err == nil; i++ {
		id += d.signed()
		g.ways = append(g.ways, wayInfo{id: id, class: Class(d.number(int64(classes))), limitKmh: float64(d.number(10_000)) / 10, name: d.text()})
	}
	return g
}
