import GRDB

/// SQL that is run thousands of times a second: parsed once, and its rows read where they lie.
extension Database {
    func executeCached(_ sql: String, _ arguments: StatementArguments) throws {
        try cachedStatement(sql: sql).execute(arguments: arguments)
    }

    /// What `read` makes of the first row; nil where there is none.
    func firstRow<Value>(
        _ sql: String, _ arguments: StatementArguments, _ read: (Row) throws -> Value
    ) throws -> Value? {
        let rows = try Row.fetchCursor(cachedStatement(sql: sql), arguments: arguments)
        return try rows.next().map(read)
    }

    func allRows<Value>(
        _ sql: String, _ arguments: StatementArguments, _ read: (Row) throws -> Value
    ) throws -> [Value] {
        let rows = try Row.fetchCursor(cachedStatement(sql: sql), arguments: arguments)
        var values: [Value] = []
        while let row = try rows.next() { values.append(try read(row)) }
        return values
    }
}

extension Row {
    /// The column's value. Reading by `row[0]` ends the process if the value is of another type or
    /// NULL, which a damaged page can make of any column: a constraint is checked only on writing.
    /// - Throws: `RowDecodingError` if the value is no `Value`.
    subscript<Value: DatabaseValueConvertible & StatementColumnConvertible>(stored index: Int)
        -> Value
    {
        get throws { try decode(Value.self, atIndex: index) }
    }
    /// As above, by the column's name.
    subscript<Value: DatabaseValueConvertible & StatementColumnConvertible>(stored name: String)
        -> Value
    {
        get throws { try decode(Value.self, forColumn: name) }
    }
}
