/// What a submission in several writes needs.
extension Schema {
    static let stagedSweeps = """
        -- Set while the sweep is being stored: the number of its first task. From that one on no
        -- task is handed out.
        ALTER TABLE sweep ADD COLUMN firstStagedTask INTEGER;
        CREATE INDEX sweep_staged ON sweep (firstStagedTask) WHERE firstStagedTask IS NOT NULL;

        -- For the checks of foreign keys if tasks are removed.
        CREATE INDEX task_by_source ON task (source) WHERE source IS NOT NULL;
        CREATE INDEX rung_by_task ON rung (task);
        """
}
