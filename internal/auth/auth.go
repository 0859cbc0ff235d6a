// Package auth knows who may sign in: people, their roles and branches of the
// organisation, their passwords and their sessions. Keys of devices belong to
// package tracking.
package auth

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Role is what a person does. It holds in the person's organisation and in
// everything below it. The words are those of the person_role_known constraint.
type Role string

// The roles.
const (
	Administrator Role = "administrator" // people, units, devices, imports
	Agent         Role = "agent"         // answers the hotline, registers tickets
	Dispatcher    Role = "dispatcher"    // sends units
	Leader        Role = "leader"        // leads a squad
	Officer       Role = "officer"       // goes out with a unit
	Supervisor    Role = "supervisor"    // reads, counts, cancels
	Wall          Role = "wall"          // a big screen on a wall: reads the board, nothing else
)

// Roles returns every role, in a fixed order.
func Roles() []Role {
	return []Role{Administrator, Agent, Dispatcher, Leader, Officer, Supervisor, Wall}
}

// Known tells whether r is one of Roles.
func (r Role) Known() bool { return slices.Contains(Roles(), r) }

// Errors that a caller can act on. They are matched with errors.Is.
var (
	// ErrNotFound: there is no such person or organisation.
	ErrNotFound = errors.New("no such person or organisation")
	// ErrCredentials: the login is unknown, the person is disabled or the
	// password is wrong. Which of them is never told.
	ErrCredentials = errors.New("login or password is wrong")
	// ErrNotSignedIn: there is no session, it has ended, or the person was
	// disabled or has changed the password since.
	ErrNotSignedIn = errors.New("not signed in")
	// ErrOutOfScope: the object lies outside the actor's branch.
	ErrOutOfScope = errors.New("outside the branch of the organisation that the person works in")
)

// Org is a node of the organisation tree.
type Org struct {
	ID       int64
	ParentID int64 // 0 = the root
	Level    string
	Code     string
	Name     string
	// Path holds the ids from the root to this node, each followed by a dot.
	Path string
}

// Person is somebody who can sign in.
type Person struct {
	ID         int64
	Login      string
	Name       string
	Role       Role
	OrgID      int64
	UnitID     int64 // 0 = serves in no unit
	MustChange bool  // the password was given out by somebody else and must be replaced first
	DisabledAt time.Time
	CreatedAt  time.Time
}

// Principal is a signed-in person, as of one request.
type Principal struct {
	PersonID int64
	Name     string
	Login    string
	Role     Role
	OrgID    int64
	OrgPath  string
	OrgName  string
	OrgLevel string
	OrgCode  string
	// CountyPath is the path of the county that the person works in, which is
	// the branch of tickets and units that the person may read: squads see what
	// the county sees. It is OrgPath for people who work in a county or above.
	CountyPath string
	UnitID     int64  // 0 = serves in no unit
	CallSign   string // of the unit; "" without one
	MustChange bool   // may do nothing but change the password
}

// Actor names the person in the event log: "person:12".
func (p Principal) Actor() string { return "person:" + strconv.FormatInt(p.PersonID, 10) }

// InScope tells whether an organisation lies in the principal's branch: the own
// organisation or any below it. orgPath is Org.Path; an empty path is in
// nobody's branch, and a principal without one has no branch.
func (p Principal) InScope(orgPath string) bool {
	return p.OrgPath != "" && strings.HasPrefix(orgPath, p.OrgPath)
}
