package road

// turns gives each arm with restrictions a copy of its node, which only the permitted edges leave. Restrictions that are
// not clear (a way that passes through the node and could be meant in both directions, or is missing) are left out.
func (b *builder) turns() {
	if len(b.net.Turns) == 0 {
		return
	}
	out, into := map[uint32][]int{}, map[uint32][]int{}
	for _, t := range b.net.Turns {
		if n, ok := b.node[t.Via]; ok {
			out[n], into[n] = nil, nil
		}
	}
	for i, e := range b.edges {
		if _, ok := out[e.from]; ok {
			out[e.from] = append(out[e.from], i)
		}
		if _, ok := into[e.to]; ok {
			into[e.to] = append(into[e.to], i)
		}
	}
	banned := map[int]map[int]bool{} // edges that one may not go on along, by the edge that one comes by
	var order []int
	for _, t := range b.net.Turns {
		via, ok := b.node[t.Via]
		if !ok {
			continue
		}
		come, ok := b.single(into[via], t.From)
		if !ok {
			continue
		}
		ban := b.bans(t, come, out[via])
		if len(ban) == 0 {
			continue
		}
		if banned[come] == nil {
			banned[come] = map[int]bool{}
			order = append(order, come)
		}
		for _, e := range ban {
			banned[come][e] = true
		}
	}
	b.split(order, banned, out)
}

// single is the one edge among list that belongs to a way.
func (b *builder) single(list []int, way int64) (found int, ok bool) {
	for _, e := range list {
		if b.net.Ways[b.edges[e].way].ID == way {
			if ok {
				return 0, false
			}
			found, ok = e, true
		}
	}
	return found, ok
}

// bans lists the edges that who comes by an edge may not take. Turning back is not what "only" forbids.
func (b *builder) bans(t Turn, come int, out []int) (ban []int) {
	if t.From == t.To {
		for _, e := range out {
			if !t.Only && b.edges[e].to == b.edges[come].from {
				ban = append(ban, e)
			}
		}
		return ban
	}
	to, ok := b.single(out, t.To)
	if !ok {
		return nil
	}
	if !t.Only {
		return []int{to}
	}
	for _, e := range out {
		if e != to {
			ban = append(ban, e)
		}
	}
	return ban
}

// split leads each arm to a copy of its node, which only the edges leave that are not banned. An edge that leaves a copy
// may itself be an arm of the next node, and then leads to the copy there.
func (b *builder) split(arms []int, banned map[int]map[int]bool, out map[uint32][]int) {
	copies := map[int]uint32{} // by arm
	for _, arm := range arms {
		node := b.edges[arm].to
		copies[arm] = uint32(len(b.g.ids))
		b.g.ids = append(b.g.ids, b.g.ids[node])
		b.g.at = append(b.g.at, b.g.at[node])
		b.g.orig = append(b.g.orig, node)
	}
	onward := func(i int) uint32 {
		if c, ok := copies[i]; ok {
			return c
		}
		return b.edges[i].to
	}
	for _, arm := range arms {
		for _, i := range out[b.edges[arm].to] {
			if !banned[arm][i] {
				e := b.edges[i]
				b.edges = append(b.edges, edge{copies[arm], onward(i), e.mm, e.way})
			}
		}
	}
	for _, arm := range arms {
		b.edges[arm].to = copies[arm]
	}
}
