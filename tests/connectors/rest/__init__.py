"""The REST connector: a simulated interface in every way of paging, and a real tracker."""
