/// The tables about data sets that are not in the first version.
extension Schema {
    static let datasetFiles = """
        -- Files of data sets, also of those whose name was given to other bytes since. `owner` is
        -- the id of the token that added them.
        CREATE TABLE datasetFile (
            digest TEXT    NOT NULL PRIMARY KEY,
            bytes  INTEGER NOT NULL,
            owner  TEXT    NOT NULL
        ) STRICT, WITHOUT ROWID;
        """
}
