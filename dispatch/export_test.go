package dispatch

// Refereed is refereed, for the tests of the constraints.
var Refereed = refereed
