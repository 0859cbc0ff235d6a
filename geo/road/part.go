package road

// largestPart marks the nodes of the largest strongly connected part (Tarjan 1972, without recursion).
func largestPart(g *Graph) []bool {
	n := len(g.ids)
	number, low := make([]uint32, n), make([]uint32, n) // number 0: not seen yet
	part := make([]uint32, n)                           // 0: none yet
	next := make([]uint32, n)                           // edge to look at
	var stack, path []uint32
	count, parts, best, bestSize := uint32(0), uint32(0), uint32(0), 0
	for root := range uint32(n) {
		if number[root] != 0 {
			continue
		}
		path = append(path[:0], root)
		for len(path) > 0 {
			v := path[len(path)-1]
			if number[v] == 0 {
				count++
				number[v], low[v], next[v] = count, count, g.first[v]
				stack = append(stack, v)
			}
			if next[v] < g.first[v+1] {
				w := g.to[next[v]]
				next[v]++
				if number[w] == 0 {
					path = append(path, w)
				} else if part[w] == 0 {
					low[v] = min(low[v], number[w])
				}
				continue
			}
			path = path[:len(path)-1]
			if len(path) > 0 {
				low[path[len(path)-1]] = min(low[path[len(path)-1]], low[v])
			}
			if low[v] != number[v] {
				continue
			}
			parts++
			size := 0
			for w := uint32(none); w != v; size++ {
				w = stack[len(stack)-1]
				stack = stack[:len(stack)-1]
				part[w] = parts
			}
			if size > bestSize {
				best, bestSize = parts, size
			}
		}
	}
	main := make([]bool, n)
	for v := range main {
		main[v] = part[v] == best
	}
	return main
}
