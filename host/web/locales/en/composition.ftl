with_detail = { $sentence } ({ $detail })
at_field = { $field }: { $text }
either = { $others } or { $last }
both = { $others } and { $last }
comma = {", "}
semicolon = {"; "}
of_field = { $field } { $text }
ended = { $text }.
json_type = { $name ->
    [string] text
    [object] an object {"{"}…{"}"}
    [array] a list […]
    [boolean] true or false
    [integer] a whole number
    [number] a number
   *[null] empty
}
call_outcome = { $outcome ->
    [cpu] the connector used more than its CPU time
    [wall] the connector did not finish in time
    [memory] the connector used more than its memory
    [host_calls] the connector called the host too often
    [too_large] the connector passed more data than allowed
    [trap] the connector crashed
    [malformed] the connector returned something that is not a JSON object
    [missing] the connector cannot do this
   *[instantiate] the sandbox is full or the connector does not fit
}
