package resolve

// bestName compares the name, and each alias in its place.
func (j *judge) bestName(e *evidence, s *Shop, name []unit) {
	j.compareName(e, name)
	for _, alias := range s.Aliases {
		other := &evidence{}
		used := append([]bool(nil), j.used...)
		j.compareName(other, units(alias))
		if other.value[nameNats] <= e.value[nameNats] {
			j.used = used
			continue
		}
		e.name = other.name
		e.nameAgreed, e.branchAgreed = other.nameAgreed, other.branchAgreed
		for f := nameNats; f <= kindDiffers; f++ {
			e.value[f] = other.value[f]
		}
	}
}

func (j *judge) compareName(e *evidence, name []unit) {
	n := parseName(name)
	n.splitBrand(j.r.cores)
	e.name = n
	weights, total := j.weights(n.core, j.r.inName)
	if total > 0 {
		j.core(e, n.core, weights, total)
	}
	if weights, total := j.weights(n.kind, j.r.inName); total > 0 {
		if j.al.align(n.kind, weights, j.q.us, j.q.skip, nil) >= 0.6*total {
			j.use()
			e.value[kindAgrees] = 1
		} else if j.q.kind {
			e.value[kindDiffers] = 1
		}
	}
	j.branch(e, n)
}

// core compares what tells the name from others.
func (j *judge) core(e *evidence, core []unit, weights []float32, total float32) {
	anywhere := float64(j.al.align(core, weights, j.q.us, j.q.skip, nil) / total)
	if !j.tells() {
		anywhere = 0
	}
	beside := len(j.al.at) > 0
	for _, i := range j.al.at {
		beside = beside && j.q.beside[i]
	}
	share := float64(j.al.align(core, weights, j.q.us, j.q.skip, j.held) / total)
	if j.tells() {
		j.use()
		e.nameAgreed = show(j.al.agreed)
	} else {
		share = 0
	}
	anywhere = max(anywhere, share)
	if beside && share < 0.5 && anywhere >= 0.8 {
		e.value[nameBeside] = 1
	}
	known := j.r.rarity(j.r.cores[hash(core)])
	if j.r.cores[hash(core)] <= 1 {
		known = min(mostName, max(known, 0.7*total))
	}
	e.value[nameNats] = share * float64(min(known, total))
	e.value[nameMissing], e.value[nameMisfit] = 1-anywhere, 1-share
	if share > 0.99 {
		e.value[nameWhole] = 1
	}
}

// leastBranch is the share of a branch's name that must be in the words to count.
const leastBranch = 0.4

func (j *judge) branch(e *evidence, n shopName) {
	weights, total := j.weights(n.branch, j.r.inName)
	if total == 0 {
		return
	}
	share := j.al.align(n.branch, weights, j.q.us, j.q.skip, j.held) / total
	if share < leastBranch || !j.tells() {
		share = 0
	} else {
		j.use()
		e.branchAgreed = show(j.al.agreed)
	}
	e.value[branchNats] = float64(share * min(total, mostName/2))
	if !n.signed || share >= 0.5 || len(j.q.branches) == 0 {
		return
	}
	for _, b := range j.q.branches {
		weights, total := j.weights(b, j.r.inName)
		if j.al.align(b, weights, n.branch, nil, nil) >= 0.5*total {
			return
		}
	}
	e.value[branchDiffers] = 1
}

// weights are what each unit tells by how many shops have it, and their sum.
func (j *judge) weights(us []unit, counts map[uint32]int32) (each []float32, total float32) {
	each = make([]float32, len(us))
	for i, u := range us {
		each[i] = max(0.2, min(j.r.rarity(counts[u.key]), mostUnit))
		total += each[i]
	}
	return each, total
}
