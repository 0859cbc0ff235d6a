package road

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"testing"
)

func stored(t testing.TB, g *Graph) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := g.Encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestStoredGraphIsTheSame(t *testing.T) {
	net := drawn(rand.New(rand.NewPCG(3, 4)), 30, 60)
	for i := range net.Ways {
		net.Ways[i].Name, net.Ways[i].LimitKmh = "环城东路", float64(i%3)*30
	}
	g, err := Build(net)
	if err != nil {
		t.Fatal(err)
	}
	if len(g.orig) == 0 {
		t.Fatal("no turn is restricted, the test says little")
	}
	bytes_ := stored(t, g)
	again, err := Decode(bytes.NewReader(bytes_))
	if err != nil {
		t.Fatal(err)
	}
	g.pool, again.pool = nil, nil
	if !reflect.DeepEqual(g, again) {
		t.Error("the graph that was read is not the one that was written")
	}
	t.Logf("%d edges in %d bytes", len(g.to), len(bytes_))
	if _, err := Decode(bytes.NewReader(bytes_[:len(bytes_)/2])); err == nil {
		t.Error("half a graph was read")
	}
}

func FuzzDecode(f *testing.F) {
	g, err := Build(drawn(rand.New(rand.NewPCG(3, 4)), 4, 8))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(stored(f, g))
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, b []byte) {
		g, err := Decode(bytes.NewReader(b))
		if err != nil {
			return
		}
		if s, err := g.Snap(g.point(0)); err == nil {
			g.Metres().ToOne(s, []Snap{s})
		}
	})
}
