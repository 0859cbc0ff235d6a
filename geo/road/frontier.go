package road

// frontier is a 4-ary heap of costs with their nodes: the cost in the upper half, so that one comparison orders both.
type frontier []uint64

func item(cost, node uint32) uint64 { return uint64(cost)<<32 | uint64(node) }

func (h *frontier) push(v uint64) {
	s := append(*h, v)
	i := len(s) - 1
	for i > 0 {
		up := (i - 1) / 4
		if s[up] <= v {
			break
		}
		s[i] = s[up]
		i = up
	}
	s[i] = v
	*h = s
}

// pop takes the smallest; the heap must not be empty.
func (h *frontier) pop() uint64 {
	s := *h
	top := s[0]
	v := s[len(s)-1]
	s = s[:len(s)-1]
	*h = s
	n := len(s)
	if n == 0 {
		return top
	}
	i := 0
	for {
		child := 4*i + 1
		if child >= n {
			break
		}
		least := child
		for c := child + 1; c < min(child+4, n); c++ {
			if s[c] < s[least] {
				least = c
			}
		}
		if s[least] >= v {
			break
		}
		s[i] = s[least]
		i = least
	}
	s[i] = v
	return top
}
