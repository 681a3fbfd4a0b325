with_detail = { $sentence }（{ $detail }）
at_field = { $field }：{ $text }
either = { $others } 或 { $last }
both = { $others } 和 { $last }
comma = 、
semicolon = ；
of_field = { $field } { $text }
ended = { $text }。
json_type = { $name ->
    [string] 文本
    [object] 对象 {"{"}…{"}"}
    [array] 列表 […]
    [boolean] true 或 false
    [integer] 整数
    [number] 数字
   *[null] 空值
}
call_outcome = { $outcome ->
    [cpu] 连接器的 CPU 用时超出限制
    [wall] 连接器未能按时完成
    [memory] 连接器的内存超出限制
    [host_calls] 连接器调用宿主过于频繁
    [too_large] 连接器传递的数据超出限制
    [trap] 连接器已崩溃
    [malformed] 连接器返回的内容不是 JSON 对象
    [missing] 连接器不支持此操作
   *[instantiate] 沙箱已满，或连接器不适配
}
