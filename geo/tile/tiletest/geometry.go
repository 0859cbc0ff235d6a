package tiletest

// The commands of a geometry.
const (
	moveTo    = 1
	lineTo    = 2
	closePath = 7
)

// readParts follows the commands of a geometry: for points one MoveTo, for lines MoveTo and LineTo by turns, for
// polygons each followed by ClosePath.
func readParts(commands []uint64, kind Kind) (parts [][][2]int, err error) {
	var at [2]int
	take := func(command, count uint64) (out [][2]int, err error) {
		if len(commands) == 0 || commands[0]&7 != command || commands[0]>>3 != count && count != 0 || commands[0]>>3 == 0 {
			return nil, fault("no command %d where it should be", command)
		}
		n := commands[0] >> 3
		commands = commands[1:]
		if command == closePath {
			return nil, nil
		}
		if n > uint64(len(commands))/2 {
			return nil, fault("command %d for %d points that are not there", command, n)
		}
		for range n {
			dx, dy := int(int32(unzigzag(commands[0]))), int(int32(unzigzag(commands[1])))
			if command == lineTo && dx == 0 && dy == 0 {
				return nil, fault("a line to where it is")
			}
			at[0], at[1] = at[0]+dx, at[1]+dy
			out, commands = append(out, at), commands[2:]
		}
		return out, nil
	}
	if kind == Point {
		points, err := take(moveTo, 0)
		for _, p := range points {
			parts = append(parts, [][2]int{p})
		}
		if err == nil && len(commands) > 0 {
			err = fault("more commands after those of the points")
		}
		return parts, err
	}
	for first := true; first || len(commands) > 0; first = false {
		begin, err := take(moveTo, 1)
		if err != nil {
			return nil, err
		}
		rest, err := take(lineTo, 0)
		if err != nil {
			return nil, err
		}
		part := append(begin, rest...)
		if kind == Polygon {
			if len(part) < 3 {
				return nil, fault("a ring of %d points", len(part))
			}
			if part[0] == part[len(part)-1] {
				return nil, fault("a ring ends at its first point before it is closed")
			}
			if _, err := take(closePath, 1); err != nil {
				return nil, err
			}
			part = append(part, part[0])
		}
		parts = append(parts, part)
	}
	return parts, nil
}

// checkRings sees that the first ring of a polygon of version 2 is an outer one and that none is without area. Outer
// rings have a positive area with y down: they run clockwise on the screen. Inner ones follow the outer one they are in.
func checkRings(rings [][][2]int) error {
	for i, ring := range rings {
		switch area := Area(ring); {
		case area == 0:
			return fault("ring %d has no area", i)
		case i == 0 && area < 0:
			return fault("the first ring is an inner one")
		}
	}
	return nil
}

// Area is twice the signed area of a ring by the surveyor's formula; positive for outer rings.
func Area(ring [][2]int) (sum int) {
	for i := range len(ring) - 1 {
		sum += ring[i][0]*ring[i+1][1] - ring[i+1][0]*ring[i][1]
	}
	return sum
}
