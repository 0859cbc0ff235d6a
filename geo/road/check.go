package road

import "fmt"

// checkGraph says what is wrong with the tables of a graph that was read from outside; nil when nothing is.
func checkGraph(g *Graph) error {
	nodes, edges := len(g.ids), len(g.to)
	switch {
	case edges == 0 || nodes == 0:
		return ErrEmpty
	case len(g.at) != nodes || int(g.plain)+len(g.orig) != nodes:
		return fmt.Errorf("%d nodes have %d places, %d are plain and %d copies", nodes, len(g.at), g.plain, len(g.orig))
	case len(g.from) != edges || len(g.mm) != edges || len(g.way) != edges:
		return fmt.Errorf("%d edges have %d beginnings, %d lengths and %d ways", edges, len(g.from), len(g.mm), len(g.way))
	}
	for i, n := range g.orig {
		if n >= g.plain {
			return fmt.Errorf("copy %d is of node %d", i, n)
		}
	}
	for e := range g.to {
		if int(g.from[e]) >= nodes || int(g.to[e]) >= nodes || int(g.way[e]) >= len(g.ways) || e > 0 && g.from[e-1] > g.from[e] {
			return fmt.Errorf("edge %d leads from %d to %d on way %d", e, g.from[e], g.to[e], g.way[e])
		}
	}
	for i, w := range g.ways {
		if int(w.class) >= classes {
			return fmt.Errorf("way %d is of class %d", i, w.class)
		}
	}
	return nil
}
