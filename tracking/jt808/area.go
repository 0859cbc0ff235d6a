package jt808

func parseArea(id ID, _ Edition, r *reader) Message { return Raw{id, r.rest()} }
